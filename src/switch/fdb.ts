/**
 * The forwarding database: behind which port an address of a network is. One table for all networks, open addressing with
 * linear probing in typed arrays, so that neither a frame nor an address allocates. VLANs share what is learned (SVL,
 * IEEE 802.1Q 8.8.8), as in a Linux bridge that does not look at tags. Entries age by the time they were last seen; none
 * has a timer.
 *
 * It lies in shared memory: another thread may list it while the switch runs (readSlot), and sees a table that is about
 * right. With 100,000 addresses it is larger than the processor's nearest caches, and what a look-up costs is how many of
 * their lines it waits for. So a slot is four words together, a quarter of a line; who is behind an uplink, which no other
 * port needs, lies elsewhere; and foresee() lets the processor wait for several slots at once.
 */
import { type AddressHash, highWord, lowWord } from './hash.js';

/** In place of a port, or of a slot. */
export const none = -1;

/** Words of a slot. Memory is aligned by 16 bytes, so that no slot lies in two lines. */
const slotWords = 4;
/** Bytes 2 to 5 of the address; bytes 0 and 1, then the network; who has it; seconds when it was seen last. */
const lowAt = 0;
const highAt = 1;
const ownerAt = 2;
const seenAt = 3;

/** Of an owner's word: the port, and one more; 0: the slot is free. */
const portMask = 0xfffff;
/** The address is fixed to its port. */
const permanent = 1 << 20;
/** It is behind the far end that `peers` says; else behind far end 0. */
const far = 1 << 21;

export interface FdbMemory {
  readonly slots: Int32Array;
  /** By slot. */
  readonly peers: Int32Array;
}

/** @param slots a power of two. */
function fdbMemory(slots: number): FdbMemory {
  const words = (count: number) => new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
  return { slots: words(slots * slotWords), peers: words(slots) };
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
export function readSlot({ slots }: FdbMemory, slot: number): SeenAddress | undefined {
  const at = slot * slotWords;
  const [high, owner] = [slots[at + highAt] as number, slots[at + ownerAt] as number];
  if (owner === 0) return undefined;
  const seen = (owner & permanent) !== 0 ? undefined : (slots[at + seenAt] as number);
  const address = new Uint8Array(6);
  const view = new DataView(address.buffer);
  view.setUint16(0, high >>> 16);
  view.setInt32(2, slots[at + lowAt] as number);
  return { port: (owner & portMask) - 1, network: high & 0xffff, address, seen };
}

/** How many places there are for addresses. */
export function slotCount({ slots }: FdbMemory): number {
  return slots.length / slotWords;
}

/** none: the slot is free. */
export function portIn({ slots }: FdbMemory, slot: number): number {
  return ((slots[slot * slotWords + ownerAt] as number) & portMask) - 1;
}

export function networkIn({ slots }: FdbMemory, slot: number): number {
  return (slots[slot * slotWords + highAt] as number) & 0xffff;
}

export class Fdb {
  /** Slots, twice what it holds or more, a power of two. */
  readonly slots: number;
  readonly #mask: number;
  readonly #words: Int32Array;
  readonly #peers: Int32Array;
  #size = 0;

  /** @param capacity addresses that are learned at most. */
  constructor(
    private readonly capacity: number,
    private readonly hash: AddressHash,
    readonly memory: FdbMemory = fdbMemory(2 ** Math.ceil(Math.log2(Math.max(2, capacity * 2)))),
  ) {
    this.slots = slotCount(memory);
    this.#mask = this.slots - 1;
    this.#words = memory.slots;
    this.#peers = memory.peers;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether no more is to be learned. */
  get full(): boolean {
    return this.#size >= this.capacity;
  }

  /** Whether nothing more has room, fixed addresses neither: of the slots some must be free, or look-ups were long. */
  get crowded(): boolean {
    return this.#size >= (this.slots * 3) / 4;
  }

  /** @returns the entry's slot, until an entry is removed; or none. */
  find(network: number, bytes: Uint8Array, at: number): number {
    const words = this.#words;
    const low = lowWord(bytes, at);
    const high = highWord(bytes, at, network);
    for (let slot = this.#home(low, high); ; slot = (slot + 1) & this.#mask) {
      const place = slot * slotWords;
      if (words[place + ownerAt] === 0) return none;
      if (words[place + lowAt] === low && words[place + highAt] === high) return slot;
    }
  }

  /** Reads where find() will look first. @returns any number, for Switch.foreseen. */
  foresee(network: number, bytes: Uint8Array, at: number): number {
    return this.#owner(this.#home(lowWord(bytes, at), highWord(bytes, at, network)));
  }

  /**
   * Adds an address that find() does not know, to a table that is not crowded.
   *
   * @param peer which of an uplink's far ends the address is behind; 0 where there is one.
   * @param now seconds of any clock that does not go back.
   */
  add(network: number, bytes: Uint8Array, at: number, port: number, peer: number, now: number): number {
    const low = lowWord(bytes, at);
    const high = highWord(bytes, at, network);
    let slot = this.#home(low, high);
    while (this.#owner(slot) !== 0) slot = (slot + 1) & this.#mask;
    const place = slot * slotWords;
    this.#words[place + lowAt] = low;
    this.#words[place + highAt] = high;
    this.move(slot, port, peer, now);
    this.#size += 1;
    return slot;
  }

  /** The entry's address, which is not fixed, was seen behind this port. */
  move(slot: number, port: number, peer: number, now: number): void {
    const place = slot * slotWords;
    const owner = (port + 1) | (peer === 0 ? 0 : far);
    // What a frame confirms is not written: the line stays clean, and need not go back to memory
    if (this.#words[place + ownerAt] !== owner) this.#words[place + ownerAt] = owner;
    if (this.#words[place + seenAt] !== (now | 0)) this.#words[place + seenAt] = now;
    if (peer !== 0) this.#peers[slot] = peer;
  }

  /** The entry neither ages nor moves. */
  fix(slot: number): void {
    (this.#words[slot * slotWords + ownerAt] as number) |= permanent;
  }

  isPermanent(slot: number): boolean {
    return (this.#owner(slot) & permanent) !== 0;
  }

  /** none: the slot is free. */
  portOf(slot: number): number {
    return (this.#owner(slot) & portMask) - 1;
  }

  peerOf(slot: number): number {
    return (this.#owner(slot) & far) === 0 ? 0 : (this.#peers[slot] as number);
  }

  networkOf(slot: number): number {
    return (this.#words[slot * slotWords + highAt] as number) & 0xffff;
  }

  /** Whole seconds of the clock of add(). */
  seenAt(slot: number): number {
    return this.#words[slot * slotWords + seenAt] as number;
  }

  /** Removes an entry and closes the gap, so that slots found before may hold others. */
  remove(slot: number): void {
    const mask = this.#mask;
    this.#size -= 1;
    let gap = slot;
    for (let next = (gap + 1) & mask; this.#owner(next) !== 0; next = (next + 1) & mask) {
      const home = this.#homeOf(next);
      if (((next - home) & mask) < ((next - gap) & mask)) continue;
      this.#copy(next, gap);
      gap = next;
    }
    this.#words[gap * slotWords + ownerAt] = 0;
  }

  #owner(slot: number): number {
    return this.#words[slot * slotWords + ownerAt] as number;
  }

  /** Where an address is looked for first. */
  #home(low: number, high: number): number {
    return this.hash.ofWords(low, high) & this.#mask;
  }

  #homeOf(slot: number): number {
    const place = slot * slotWords;
    return this.#home(this.#words[place + lowAt] as number, this.#words[place + highAt] as number);
  }

  #copy(from: number, to: number): void {
    this.#words.copyWithin(to * slotWords, from * slotWords, (from + 1) * slotWords);
    this.#peers[to] = this.#peers[from] as number;
  }
}
