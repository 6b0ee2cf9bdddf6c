/** The ports of the switch and their descriptors, which are open for as long as the thread may use them. */
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { PlugOrder } from '../protocol/switch-order.js';
import type { PeerMemory } from '../switch/qdes/peer-memory.js';
import type { Thread } from './thread.js';
import type { Told } from './worker.js';

interface Port {
  readonly order: PlugOrder;
  readonly fds: readonly OwnedFd[];
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
}

export class Ports {
  readonly #ports = new Map<number, Port>();

  constructor(
    private readonly thread: Pick<Thread, 'post'>,
    private readonly events: PortsEvents,
  ) {}

  /** Whether it has a port that is no uplink. */
  get hasGuests(): boolean {
    return [...this].some(({ order }) => !order.uplink);
  }

  /** undefined: there is no such port. */
  labelOf(port: number): string | undefined {
    return this.#ports.get(port)?.order.label;
  }

  /** Every port that is not on its way out. */
  *[Symbol.iterator](): IterableIterator<Pick<Readonly<Port>, 'order' | 'fds' | 'peers'>> {
    for (const port of this.#ports.values()) if (!port.leaving) yield port;
  }

  /** @param fds belong to the port from now on. */
  plug(order: PlugOrder, fds: readonly OwnedFd[]): void {
    if (this.#ports.has(order.port) || fds.length === 0) {
      for (const fd of fds) fd.close();
      this.events.refused(order.port, fds.length === 0 ? 'it came without descriptors' : 'its number is in use');
      return;
    }
    this.#ports.set(order.port, { order, fds, leaving: false });
    this.thread.post({ tag: 'plug', order, fds: fds.map((fd) => fd.fd) });
  }

  /** Of a number that is free it does nothing. */
  unplug(port: number): void {
    const there = this.#ports.get(port);
    if (there === undefined || there.leaving) return;
    there.leaving = true;
    this.thread.post({ tag: 'unplug', port });
  }

  /** Takes what the thread tells. */
  told(what: Exclude<Told, { tag: 'ready' | 'unfit' }>): void {
    switch (what.tag) {
      case 'ended':
        this.unplug(what.port);
        break;
      case 'peers': {
        const port = this.#ports.get(what.port);
        if (port !== undefined) port.peers = what.memory;
        break;
      }
      case 'refused':
        this.#close(what.port);
        this.events.refused(what.port, 'one of its addresses is another port’s, or there is no room for it');
        break;
      case 'gone':
        this.#close(what.port);
        this.events.ended(what.port);
    }
  }

  #close(port: number): void {
    for (const fd of this.#ports.get(port)?.fds ?? []) fd.close();
    this.#ports.delete(port);
  }
}
