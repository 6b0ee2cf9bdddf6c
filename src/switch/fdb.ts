/**
 * The forwarding database: behind which port an address of a network is. One table for all networks, open addressing with
 * linear probing in typed arrays, so that neither a frame nor an address allocates. VLANs share what is learned (SVL,
 * IEEE 802.1Q 8.8.8), as in a Linux bridge that does not look at tags. Entries age by the time they were last seen; none
 * has a timer.
 *
 * The arrays are shared memory: another thread may list them while the switch runs, and sees a table that is about right.
 */
import type { AddressHash } from './hash.js';

export const none = -1;

const permanent = 1;

export class Fdb {
  /** Slots, twice what it holds or more, a power of two. */
  readonly #slots: number;
  readonly #capacity: number;
  readonly #hash: AddressHash;
  readonly #hashes: Int32Array;
  /** Bytes 2 to 5 of the address. */
  readonly #low: Int32Array;
  /** Bytes 0 and 1, then the network. */
  readonly #high: Int32Array;
  readonly #ports: Int32Array;
  readonly #peers: Int32Array;
  readonly #seen: Int32Array;
  readonly #flags: Uint8Array;
  #size = 0;

  /** @param capacity addresses that it holds at most. */
  constructor(capacity: number, hash: AddressHash) {
    this.#capacity = capacity;
    this.#slots = 2 ** Math.ceil(Math.log2(Math.max(2, capacity * 2)));
    this.#hash = hash;
    const words = () => new Int32Array(new SharedArrayBuffer(this.#slots * Int32Array.BYTES_PER_ELEMENT));
    this.#hashes = words();
    this.#low = words();
    this.#high = words();
    this.#ports = words().fill(none);
    this.#peers = words();
    this.#seen = words();
    this.#flags = new Uint8Array(new SharedArrayBuffer(this.#slots));
  }

  get size(): number {
    return this.#size;
  }

  get slots(): number {
    return this.#slots;
  }

  get full(): boolean {
    return this.#size >= this.#capacity;
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
   * Adds an address that find() does not know, to a table that is not full.
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

  /** The address as six bytes. It allocates: for listings. */
  addressOf(slot: number): Uint8Array {
    const address = new Uint8Array(6);
    const view = new DataView(address.buffer);
    view.setUint16(0, (this.#high[slot] as number) >>> 16);
    view.setInt32(2, this.#low[slot] as number);
    return address;
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
