/**
 * The forwarding database: behind which port an address of a network is. One table for all networks, open addressing with
 * linear probing in typed arrays, so that neither a frame nor an address allocates. VLANs share what is learned (SVL,
 * IEEE 802.1Q 8.8.8), as in a Linux bridge that does not look at tags. Entries age by the time they were last seen; none
 * has a timer.
 *
 * The arrays are shared memory: another thread may list them while the switch runs (readSlot), and sees a table that is
 * about right.
 */
import type { AddressHash } from './hash.js';

export const none = -1;

const permanent = 1;

/** The arrays, over shared memory: a place in each for every slot. Another thread may read them. */
export interface FdbMemory {
  readonly hashes: Int32Array;
  /** Bytes 2 to 5 of the address. */
  readonly low: Int32Array;
  /** Bytes 0 and 1, then the network. */
  readonly high: Int32Array;
  /** none: the slot is free. */
  readonly ports: Int32Array;
  readonly peers: Int32Array;
  readonly seen: Int32Array;
  readonly flags: Uint8Array;
}

function fdbMemory(slots: number): FdbMemory {
  const words = () => new Int32Array(new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT));
  return {
    ...{ hashes: words(), low: words(), high: words(), ports: words().fill(none), peers: words(), seen: words() },
    flags: new Uint8Array(new SharedArrayBuffer(slots)),
  };
}

/** An entry as another thread finds it, which may be half written. */
export interface SeenAddress {
  readonly port: number;
  readonly network: number;
  /** Six bytes. */
  readonly address: Uint8Array;
  /** Seconds of the clock that it was learned by; undefined: it is fixed to its port. */
  readonly seen: number | undefined;
}

/** What a slot holds; undefined: nothing. */
export function readSlot(memory: FdbMemory, slot: number): SeenAddress | undefined {
  const port = memory.ports[slot] as number;
  if (port === none) return undefined;
  const high = memory.high[slot] as number;
  const seen = memory.flags[slot] === permanent ? undefined : (memory.seen[slot] as number);
  const address = new Uint8Array(6);
  const view = new DataView(address.buffer);
  view.setUint16(0, high >>> 16);
  view.setInt32(2, memory.low[slot] as number);
  return { port, network: high & 0xffff, address, seen };
}

export class Fdb {
  /** Slots, twice what it holds or more, a power of two. */
  readonly #slots: number;
  readonly #capacity: number;
  readonly #hash: AddressHash;
  readonly #hashes: Int32Array;
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  readonly #ports: Int32Array;
  readonly #peers: Int32Array;
  readonly #seen: Int32Array;
  readonly #flags: Uint8Array;
  #size = 0;

  /** @param capacity addresses that are learned at most. */
  constructor(
    capacity: number,
    hash: AddressHash,
    readonly memory = fdbMemory(2 ** Math.ceil(Math.log2(Math.max(2, capacity * 2)))),
  ) {
    this.#capacity = capacity;
    this.#hash = hash;
    this.#slots = memory.ports.length;
    this.#hashes = memory.hashes;
    this.#low = memory.low;
    this.#high = memory.high;
    this.#ports = memory.ports;
    this.#peers = memory.peers;
    this.#seen = memory.seen;
    this.#flags = memory.flags;
  }

  get size(): number {
    return this.#size;
  }

  get slots(): number {
    return this.#slots;
  }

  /** Whether no more is to be learned. */
  get full(): boolean {
    return this.#size >= this.#capacity;
  }

  /** Whether nothing more has room, fixed addresses neither: of the slots some must be free, or look-ups were long. */
  get crowded(): boolean {
    return this.#size >= (this.#slots * 3) / 4;
  }

  /** @returns the entry's slot, until an entry is removed; or none. */
  find(network: number, bytes: Uint8Array, at: number): number {
    const mask = this.#slots - 1;
    const low = lowWord(bytes, at);
    const high = highWord(bytes, at, network);
    for (let slot = this.#hash.of(network, bytes, at) & mask; ; slot = (slot + 1) & mask) {
      if (this.#ports[slot] === none) return none;
      if (this.#low[slot] === low && this.#high[slot] === high) return slot;
    }
  }

  /**
   * Adds an address that find() does not know, to a table that is not crowded.
   *
   * @param peer which of an uplink's far ends the address is behind; 0 where there is one.
   * @param now seconds of any clock that does not go back.
   */
  add(network: number, bytes: Uint8Array, at: number, port: number, peer: number, now: number): number {
    const mask = this.#slots - 1;
    const hash = this.#hash.of(network, bytes, at);
    let slot = hash & mask;
    while (this.#ports[slot] !== none) slot = (slot + 1) & mask;
    this.#hashes[slot] = hash;
    this.#low[slot] = lowWord(bytes, at);
    this.#high[slot] = highWord(bytes, at, network);
    this.#flags[slot] = 0;
    this.move(slot, port, peer, now);
    this.#size += 1;
    return slot;
  }

  /** The entry's address was seen behind this port. */
  move(slot: number, port: number, peer: number, now: number): void {
    this.#ports[slot] = port;
    this.#peers[slot] = peer;
    this.#seen[slot] = now;
  }

  /** The entry neither ages nor moves. */
  fix(slot: number): void {
    this.#flags[slot] = permanent;
  }

  isPermanent(slot: number): boolean {
    return this.#flags[slot] === permanent;
  }

  portOf(slot: number): number {
    return this.#ports[slot] as number;
  }

  peerOf(slot: number): number {
    return this.#peers[slot] as number;
  }

  networkOf(slot: number): number {
    return (this.#high[slot] as number) & 0xffff;
  }

  /** Seconds of the clock of add(). */
  seenAt(slot: number): number {
    return this.#seen[slot] as number;
  }

  /** Removes an entry and closes the gap, so that slots found before may hold others. */
  remove(slot: number): void {
    const mask = this.#slots - 1;
    this.#size -= 1;
    let gap = slot;
    for (let next = (gap + 1) & mask; this.#ports[next] !== none; next = (next + 1) & mask) {
      const home = (this.#hashes[next] as number) & mask;
      if (((next - home) & mask) < ((next - gap) & mask)) continue;
      this.#copy(next, gap);
      gap = next;
    }
    this.#ports[gap] = none;
  }

  #copy(from: number, to: number): void {
    this.#hashes[to] = this.#hashes[from] as number;
    this.#low[to] = this.#low[from] as number;
    this.#high[to] = this.#high[from] as number;
    this.#ports[to] = this.#ports[from] as number;
    this.#peers[to] = this.#peers[from] as number;
    this.#seen[to] = this.#seen[from] as number;
    this.#flags[to] = this.#flags[from] as number;
  }
}

function lowWord(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at + 2] as number) << 24) |
    ((bytes[at + 3] as number) << 16) |
    ((bytes[at + 4] as number) << 8) |
    (bytes[at + 5] as number)
  );
}

function highWord(bytes: Uint8Array, at: number, network: number): number {
  return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | network;
}
