/** Frames on their way out: a list of slots for each port, in arrays, from when a batch is received until it is sent. */

const end = -1;

export class Egress {
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  /** Ports with a list, in the first places. */
  readonly #active: Int32Array;
  #activeCount = 0;
  readonly #slots: Int32Array;
  readonly #peers: Int32Array;
  readonly #nexts: Int32Array;
  #used = 0;

  /**
   * @param ports how many there can be.
   * @param capacity entries of all lists together.
   */
  constructor(
    ports: number,
    private readonly capacity: number,
  ) {
    this.#heads = new Int32Array(ports).fill(end);
    this.#tails = new Int32Array(ports);
    this.#active = new Int32Array(ports);
    this.#slots = new Int32Array(capacity);
    this.#peers = new Int32Array(capacity);
    this.#nexts = new Int32Array(capacity);
  }

  /** Whether so many more entries have room. */
  hasRoom(entries: number): boolean {
    return this.#used + entries <= this.capacity;
  }

  /** @param peer which far end of an uplink; others ignore it. */
  push(port: number, slot: number, peer: number): void {
    const entry = this.#used;
    this.#used += 1;
    this.#slots[entry] = slot;
    this.#peers[entry] = peer;
    this.#nexts[entry] = end;
    if (this.#heads[port] === end) {
      this.#heads[port] = entry;
      this.#active[this.#activeCount] = port;
      this.#activeCount += 1;
    } else {
      this.#nexts[this.#tails[port] as number] = entry;
    }
    this.#tails[port] = entry;
  }

  /** How many ports have frames waiting; 0: none. */
  get waiting(): number {
    return this.#activeCount;
  }

  /** One of these ports. */
  portAt(index: number): number {
    return this.#active[index] as number;
  }

  /**
   * Moves a port's first frames into the arrays, as many as they have room for.
   *
   * @returns how many; 0: it has none left.
   */
  take(port: number, slots: Int32Array, peers: Int32Array): number {
    let count = 0;
    let entry = this.#heads[port] as number;
    for (; entry !== end && count < slots.length; entry = this.#nexts[entry] as number, count += 1) {
      slots[count] = this.#slots[entry] as number;
      peers[count] = this.#peers[entry] as number;
    }
    this.#heads[port] = entry;
    return count;
  }

  /** All lists are empty again, whatever was in them. */
  clear(): void {
    for (let i = 0; i < this.#activeCount; i += 1) this.#heads[this.#active[i] as number] = end;
    this.#activeCount = 0;
    this.#used = 0;
  }
}
