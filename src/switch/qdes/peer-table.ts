/**
 * The far ends of a QDES network: other switches, by address and port of UDP. A table in typed arrays, since every frame
 * from outside is looked up in it; it grows with its peers, since a host may have thousands of such networks.
 *
 * A peer has a number that says its place and how often that place was given away, so that an address which was learned
 * behind a peer that has gone is never taken for one behind its successor.
 */
import type { AddressHash } from '../hash.js';
import { groupPlace, listPeers, type PeerMemory, type PeerState, peerAddressSize, peerMemory } from './peer-memory.js';

/** In place of a peer. */
export const noPeer = -1;

const placeBits = 12;
const placeMask = (1 << placeBits) - 1;
const generations = 1 << (31 - placeBits);

/** Six bytes from each of these on are what tells one address from another: its port, the address itself, its scope. */
const chunks = [2, 8, 14, 20, 22] as const;

/** Places at first: most networks are of few hosts. */
const few = 4;

export class PeerTable {
  #memory: PeerMemory;
  #generation: Int32Array;
  #heads: Int32Array;
  #nexts: Int32Array;
  #size = 0;
  /** The place that find() found last; whoever was there may have gone. */
  #last: number = groupPlace;

  /**
   * @param capacity peers at once, below 4096.
   * @param fixed how many of them are never let go.
   * @param moved is told when it has grown: then its memory is another.
   */
  constructor(
    readonly capacity: number,
    fixed: number,
    private readonly hash: AddressHash,
    private readonly moved: (memory: PeerMemory) => void = () => {},
  ) {
    const places = 1 + Math.min(capacity, fixed + few);
    this.#memory = peerMemory(places);
    this.#generation = new Int32Array(places);
    this.#nexts = new Int32Array(places);
    this.#heads = emptyHeads(places);
  }

  get memory(): PeerMemory {
    return this.#memory;
  }

  /** By place: of peers, and at groupPlace what whoever sends to a group has put there. */
  get addresses(): Uint8Array {
    return this.#memory.addresses;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns the peer at the address that lies at `offset`, or noPeer. */
  find(bytes: Uint8Array, offset: number): number {
    // Datagrams come in trains, each of one sender
    const last = this.#last;
    if (this.#memory.state[last] !== 0 && this.#is(last, bytes, offset)) return this.#numberOf(last);
    for (let place = this.#heads[this.#bucket(bytes, offset)] as number; place !== noPeer; ) {
      if (this.#is(place, bytes, offset)) {
        this.#last = place;
        return this.#numberOf(place);
      }
      place = this.#nexts[place] as number;
    }
    return noPeer;
  }

  /**
   * Adds a peer whose address find() does not know.
   *
   * @param fixed whether it stays when nothing is heard of it.
   * @returns noPeer: the table is full.
   */
  add(bytes: Uint8Array, offset: number, fixed: boolean, now: number): number {
    if (this.#size === this.capacity) return noPeer;
    if (this.#size + 1 === this.#nexts.length) this.#grow();
    const { addresses, state, seen, roundTrip, sender } = this.#memory;
    const place = state.indexOf(0, groupPlace + 1);
    for (let i = 0; i < peerAddressSize; i += 1) {
      addresses[place * peerAddressSize + i] = bytes[offset + i] as number;
    }
    this.#link(place);
    state[place] = fixed ? 2 : 1;
    seen[place] = fixed ? Number.NEGATIVE_INFINITY : now;
    roundTrip[place] = Number.NaN;
    sender[place] = 0;
    this.#size += 1;
    return this.#numberOf(place);
  }

  /** Takes note of a peer's being there. @param sender its instance. */
  hear(peer: number, sender: number, now: number): void {
    const place = peer & placeMask;
    this.#memory.seen[place] = now;
    this.#memory.sender[place] = sender;
  }

  /** @param microseconds from a hello to its reply. */
  measure(peer: number, microseconds: number): void {
    this.#memory.roundTrip[peer & placeMask] = microseconds;
  }

  /** Whether it is there for sure: it has sent back what only who gets our datagrams can know. */
  hasAnswered(peer: number): boolean {
    return !Number.isNaN(this.#memory.roundTrip[peer & placeMask] as number);
  }

  /** For one that has answered: of a full table one goes that is neither fixed nor has, if there is one. */
  makeRoom(): void {
    if (this.#size < this.capacity) return;
    const { state, roundTrip } = this.#memory;
    const place = state.findIndex((one, at) => one === 1 && Number.isNaN(roundTrip[at] as number));
    if (place > groupPlace) this.leave(this.#numberOf(place));
  }

  /** Whether the number is still that peer's. */
  isCurrent(peer: number): boolean {
    const place = peer & placeMask;
    return peer >= 0 && place < this.#nexts.length && this.#memory.state[place] !== 0 && this.#numberOf(place) === peer;
  }

  placeOf(peer: number): number {
    return peer & placeMask;
  }

  /** The peer has gone. One that is fixed keeps its address, and a new number: what was behind it may be elsewhere. */
  leave(peer: number): void {
    const place = peer & placeMask;
    this.#generation[place] = ((this.#generation[place] as number) + 1) % generations;
    this.#memory.seen[place] = Number.NEGATIVE_INFINITY;
    this.#memory.roundTrip[place] = Number.NaN;
    if (this.#memory.state[place] === 2) return;
    this.#unlink(place);
    this.#memory.state[place] = 0;
    this.#size -= 1;
  }

  /** Lets go of those that were not heard of for so many seconds. */
  age(now: number, seconds: number): void {
    for (let place = groupPlace + 1; place < this.#nexts.length; place += 1) {
      if (this.#memory.state[place] === 0 || this.#memory.seen[place] === Number.NEGATIVE_INFINITY) continue;
      if (now - (this.#memory.seen[place] as number) > seconds) this.leave(this.#numberOf(place));
    }
  }

  /** It allocates: for listings. */
  list(): readonly PeerState[] {
    return listPeers(this.memory);
  }

  #numberOf(place: number): number {
    return ((this.#generation[place] as number) << placeBits) | place;
  }

  #bucket(bytes: Uint8Array, offset: number): number {
    let hash = 0;
    for (let i = 0; i < chunks.length; i += 1) {
      hash ^= this.hash.of(hash & 0xffff, bytes, offset + (chunks[i] as number));
    }
    return hash & (this.#heads.length - 1);
  }

  #is(place: number, bytes: Uint8Array, offset: number): boolean {
    const { addresses } = this.#memory;
    const at = place * peerAddressSize;
    for (let i = 0; i < peerAddressSize; i += 1) if (addresses[at + i] !== bytes[offset + i]) return false;
    return true;
  }

  /** Four times the places, or as many as there may be. */
  #grow(): void {
    const places = Math.min(this.capacity + 1, 4 * this.#nexts.length);
    const { state } = this.#memory;
    this.#memory = peerMemory(places, this.#memory);
    const generation = new Int32Array(places);
    generation.set(this.#generation);
    this.#generation = generation;
    this.#nexts = new Int32Array(places);
    this.#heads = emptyHeads(places);
    for (let place = groupPlace + 1; place < state.length; place += 1) if (state[place] !== 0) this.#link(place);
    this.moved(this.#memory);
  }

  #link(place: number): void {
    const bucket = this.#bucket(this.addresses, place * peerAddressSize);
    this.#nexts[place] = this.#heads[bucket] as number;
    this.#heads[bucket] = place;
  }

  #unlink(place: number): void {
    const bucket = this.#bucket(this.addresses, place * peerAddressSize);
    if (this.#heads[bucket] === place) {
      this.#heads[bucket] = this.#nexts[place] as number;
      return;
    }
    let before = this.#heads[bucket] as number;
    while (this.#nexts[before] !== place) before = this.#nexts[before] as number;
    this.#nexts[before] = this.#nexts[place] as number;
  }
}

/** Of chains, twice as many as there are places or more. */
function emptyHeads(places: number): Int32Array {
  return new Int32Array(2 ** Math.ceil(Math.log2(places * 2))).fill(noPeer);
}
