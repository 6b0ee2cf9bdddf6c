/**
 * One capture: frames out of its ring, as pcapng into its outlet, until one of its bounds is reached. Nothing is written
 * before the thread that moves frames takes them, so that who reads something knows that it has begun.
 */
import type { CaptureOrder } from '../protocol/inspect-order.js';
import { interfaceBlock, packetBlock, sectionBlock, statisticsBlock } from '../protocol/pcapng.js';
import type { Captured, RingReader } from './capture-ring.js';
import type { Outlet } from './outlet.js';

/** Bytes that may wait for a slow reader besides the ring. */
const mostWaiting = 1 << 18;
/** Milliseconds between two looks at what was lost. */
const statisticsPause = 1000;

/** How a port is called in the file. */
export interface PortName {
  readonly name: string;
  readonly description: string;
}

interface Interface extends PortName {
  readonly id: number;
  readonly port: number;
  frames: number;
  told: number;
}

export class Capture {
  /** By port; a number that another port has by now is another interface. */
  readonly #interfaces = new Map<number, Interface>();
  /** Ports that are to have an interface before they have a frame. */
  readonly #announced = new Set<number>();
  #begun = false;
  #count = 0;
  #frames = 0;
  #bytes = 0;
  #ending = false;
  #told: number;

  /**
   * @param nameOf undefined: there is no such port any more.
   * @param now milliseconds of a clock that does not go back.
   */
  constructor(
    readonly order: CaptureOrder,
    private readonly ring: RingReader,
    private readonly outlet: Outlet,
    private readonly nameOf: (port: number) => PortName | undefined,
    private readonly now: () => number,
  ) {
    this.#told = now();
  }

  /** Whether a bound is reached, or finish() was called: no frame is wanted any more. */
  get ending(): boolean {
    return this.#ending;
  }

  /** The port is written about when the capture begins, before it has a frame. */
  announce(port: number): void {
    this.#announced.add(port);
  }

  /** Writes what has room. */
  drain(): void {
    if (!this.outlet.open || !this.#begins()) return;
    while (this.outlet.backlog < mostWaiting) {
      const captured = this.#full ? undefined : this.ring.read();
      if (captured !== undefined) {
        this.#take(captured);
        continue;
      }
      if (this.#full) this.#ending = true;
      if (this.#ending) this.#end();
      else if (this.now() - this.#told >= statisticsPause) this.#tell();
      return;
    }
  }

  /** The time is up, or there is nothing to capture any more: what is in the ring is still written. */
  finish(): void {
    this.#ending = true;
    this.drain();
  }

  /** Whether it has begun, or ends and never will. */
  #begins(): boolean {
    if (this.#begun) return true;
    if (!this.ring.begun && !this.#ending) return false;
    this.#begun = true;
    this.#write(sectionBlock('fdbroker-switchd'));
    for (const port of this.#announced) {
      const named = this.nameOf(port);
      if (named !== undefined) this.#add(port, named);
    }
    return true;
  }

  get #full(): boolean {
    return this.#frames >= this.order.frames || this.#bytes >= this.order.bytes;
  }

  #take({ port, out, time, bytes, length }: Captured): void {
    const at = this.#interfaceOf(port);
    const block = packetBlock(at.id, out ? 'out' : 'in', time, bytes, length);
    if (this.#bytes + block.length > this.order.bytes) {
      this.#bytes = this.order.bytes;
      return;
    }
    at.frames += 1;
    this.#frames += 1;
    this.#write(block);
  }

  #interfaceOf(port: number): Interface {
    const known = this.#interfaces.get(port);
    const named = this.nameOf(port) ?? known ?? { name: `port ${port}`, description: 'it has ended' };
    return known?.name === named.name ? known : this.#add(port, named);
  }

  #add(port: number, { name, description }: PortName): Interface {
    const added: Interface = { id: this.#count, port, name, description, frames: 0, told: 0 };
    this.#count += 1;
    this.#interfaces.set(port, added);
    this.#write(interfaceBlock(name, description));
    return added;
  }

  /** Statistics of ports that lost frames since they were told of. */
  #tell(): void {
    this.#told = this.now();
    for (const port of this.ring.losers()) {
      const at = this.#interfaceOf(port);
      if (this.ring.lostAt(port) !== at.told) this.#statistics(at);
    }
  }

  #end(): void {
    this.#tell();
    for (const at of this.#interfaces.values()) if (at.told === 0) this.#statistics(at);
    this.outlet.end();
  }

  #statistics(at: Interface): void {
    at.told = this.ring.lostAt(at.port);
    this.#write(statisticsBlock(at.id, Date.now() * 1000, at.frames + at.told, at.told));
  }

  #write(block: Buffer): void {
    this.#bytes += block.length;
    this.outlet.write(block);
  }
}
