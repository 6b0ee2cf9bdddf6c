/** What the loop does besides moving frames: addresses age, and uplinks to other hosts tell these that they are there. */
import type { FrameIo } from '../kernel/frame-io.js';
import type { Switch } from '../switch/switch.js';
import type { PortIo } from './port-io.js';

/** How often addresses are aged, and in how many parts the table is looked at. */
const sweepSeconds = 10;
const sweepParts = 16;
/** How often a port's tick() is called. */
const tickSeconds = 5;
/** Any: all are free. */
const slot = 0;

export class Chores {
  readonly #ticking = new Set<PortIo>();
  #swept: number;
  #ticked: number;

  /** @param now seconds of the clock of the switch. */
  constructor(
    private readonly it: Switch,
    private readonly io: FrameIo,
    now: number,
  ) {
    this.#swept = now;
    this.#ticked = now;
  }

  /** Milliseconds until there is something to do at most; -1: for ever, since nothing is known and nobody is to be told. */
  get patience(): number {
    if (this.#ticking.size > 0) return tickSeconds * 1000;
    return this.it.fdb.size === 0 ? -1 : sweepSeconds * 1000;
  }

  /** A port that there is from now on. Every slot is free. */
  add(port: PortIo, now: number): void {
    if (port.tick === undefined) return;
    this.#ticking.add(port);
    port.tick(this.io, slot, now);
  }

  /**
   * A port that there will be no more. Every slot is free.
   *
   * @returns the port whose descriptor is to be waited for instead of its; undefined: none.
   */
  remove(port: PortIo): number | undefined {
    this.#ticking.delete(port);
    return port.leave?.(this.io, slot);
  }

  /** Does what is due. Every slot is free. */
  do(now: number): void {
    if (now - this.#swept >= sweepSeconds) {
      this.#swept = now;
      this.it.sweep(Math.ceil(this.it.fdb.slots / sweepParts), now);
    }
    if (now - this.#ticked < tickSeconds) return;
    this.#ticked = now;
    for (const port of this.#ticking) port.tick?.(this.io, slot, now);
  }
}
