/** The ports of the switch, their threads, and their descriptors, which are open for as long as the thread may use them. */
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { PlugOrder } from '../protocol/switch-order.js';
import type { DropCode } from '../switch/drop-reason.js';
import type { PeerMemory } from '../switch/qdes/peer-memory.js';
import { Placement } from './placement.js';
import type { PortTold } from './thread.js';
import type { Threads } from './threads.js';

interface Port {
  readonly order: PlugOrder;
  readonly fds: readonly OwnedFd[];
  /** Which carries it. */
  thread: number;
  /** Of an uplink to many hosts: what the thread knows of them. */
  peers?: PeerMemory;
  /** The thread was told to let it go. */
  leaving: boolean;
}

export interface PortsEvents {
  /** The port is no more, because it was unplugged or because its other end has closed; its number is free. */
  ended(port: number): void;
  /** No port was made; the number is free, unless a port had it before. */
  refused(port: number, message: string): void;
  /** A frame of it, or for it, was dropped for that reason, the first of them. */
  noticed(order: PlugOrder, reason: DropCode): void;
}

export class Ports {
  readonly #ports = new Map<number, Port>();
  readonly #placement: Placement;

  constructor(
    private readonly threads: Pick<Threads, 'most' | 'post'>,
    private readonly events: PortsEvents,
  ) {
    this.#placement = new Placement(threads.most);
  }

  /** Whether it has a guest's port. */
  get hasGuests(): boolean {
    return [...this].some(({ order }) => !order.uplink && order.kind !== 'host');
  }

  /** Whether it has the host's own tap, which is there without guests. */
  get hasHost(): boolean {
    return [...this].some(({ order }) => !order.uplink && order.kind === 'host');
  }

  /** undefined: there is no such port. */
  labelOf(port: number): string | undefined {
    return this.#ports.get(port)?.order.label;
  }

  /** Every port that is not on its way out. */
  *[Symbol.iterator](): IterableIterator<Pick<Readonly<Port>, 'order' | 'fds' | 'thread' | 'peers'>> {
    for (const port of this.#ports.values()) if (!port.leaving) yield port;
  }

  /** @param fds belong to the port from now on. */
  plug(order: PlugOrder, fds: readonly OwnedFd[]): void {
    const thread = this.#placeFor(order, fds);
    if (typeof thread === 'number') this.#post({ order, fds, thread, leaving: false });
    else {
      for (const fd of fds) fd.close();
      this.events.refused(order.port, thread);
    }
  }

  /** @returns the thread, or why there is none, a sentence. */
  #placeFor(order: PlugOrder, fds: readonly OwnedFd[]): number | string {
    if (fds.length === 0) return 'it came without descriptors';
    if (this.#ports.has(order.port)) return 'its number is in use';
    return this.#placement.add(order) ?? 'it shares a socket with networks of another thread; let its guests end first';
  }

  #post(port: Port): void {
    this.#ports.set(port.order.port, port);
    this.threads.post(port.thread, { tag: 'plug', order: port.order, fds: port.fds.map((fd) => fd.fd) });
  }

  /** Of a number that is free it does nothing. */
  unplug(port: number): void {
    const there = this.#ports.get(port);
    if (there === undefined || there.leaving) return;
    there.leaving = true;
    this.threads.post(there.thread, { tag: 'unplug', port });
  }

  /** The thread cannot run, and has none of the ports that were given to it: others get them. */
  lost(thread: number): void {
    this.#placement.close(thread);
    const ports = [...this.#ports.values()].filter((port) => port.thread === thread);
    for (const { order } of ports) this.#placement.remove(order, thread);
    for (const port of ports) {
      const other = port.leaving ? undefined : this.#placement.add(port.order);
      if (other === undefined) {
        this.#close(port);
        this.events.ended(port.order.port);
      } else {
        port.thread = other;
        this.#post(port);
      }
    }
  }

  /** Takes what a thread tells. */
  told(what: PortTold): void {
    switch (what.tag) {
      case 'ended':
        this.unplug(what.port);
        break;
      case 'peers': {
        const port = this.#ports.get(what.port);
        if (port !== undefined) port.peers = what.memory;
        break;
      }
      case 'noticed': {
        const port = this.#ports.get(what.port);
        if (port !== undefined) this.events.noticed(port.order, what.reason);
        break;
      }
      case 'refused':
        this.#remove(what.port);
        this.events.refused(
          what.port,
          'one of its addresses is another port’s, there is no room for it, or its guest has gone',
        );
        break;
      case 'gone':
        this.#remove(what.port);
        this.events.ended(what.port);
    }
  }

  #remove(port: number): void {
    const there = this.#ports.get(port);
    if (there === undefined) return;
    this.#placement.remove(there.order, there.thread);
    this.#close(there);
  }

  #close({ order, fds }: Port): void {
    for (const fd of fds) fd.close();
    this.#ports.delete(order.port);
  }
}
