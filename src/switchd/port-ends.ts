/** The ports whose other end has gone, each of which is told of once: it stays a port until it is unplugged. */

export interface LoopEvents {
  /** The port is of no use any more: its other end has gone. It is not waited for any longer, and not removed. */
  ended(port: number): void;
}

export class PortEnds {
  /** What they have sent before is still to be read. */
  readonly #hungUp = new Set<number>();
  readonly #told = new Set<number>();

  constructor(private readonly events: LoopEvents) {}

  hangUp(port: number): void {
    this.#hungUp.add(port);
  }

  hasHungUp(port: number): boolean {
    return this.#hungUp.has(port);
  }

  end(port: number): void {
    this.#hungUp.delete(port);
    if (this.#told.has(port)) return;
    this.#told.add(port);
    this.events.ended(port);
  }

  /** The next port of that number is another. */
  forget(port: number): void {
    this.#hungUp.delete(port);
    this.#told.delete(port);
  }
}
