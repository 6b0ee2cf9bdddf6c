/**
 * The far ends of a QDES network: other switches, by address and port of UDP. A table of fixed size in typed arrays, since
 * every frame from outside is looked up in it. The arrays are shared memory: another thread may list them.
 *
 * A peer has a number that says its place and how often that place was given away, so that an address which was learned
 * behind a peer that has gone is never taken for one behind its successor.
 */
import type { AddressHash } from '../hash.js';

/** Bytes of an address: a sockaddr_in or sockaddr_in6, then zeros. What they mean is not looked at. */
export const peerAddressSize = 32;
/** In place of a peer. */
export const noPeer = -1;

const placeBits = 12;
const placeMask = (1 << placeBits) - 1;
const generations = 1 << (31 - placeBits);

/** Six bytes from each of these on are what tells one address from another: its port, the address itself, its scope. */
const chunks = [2, 8, 14, 20, 22] as const;

/** What another thread may read, by place. */
export interface PeerMemory {
  readonly addresses: Uint8Array;
  readonly sender: Int32Array;
  readonly seen: Float64Array;
  readonly roundTrip: Float64Array;
  readonly state: Uint8Array;
}

/** Peers and what is known of them, each of which may have just gone. */
export function listPeers(memory: PeerMemory): readonly PeerState[] {
  return [...memory.state].flatMap((state, place) => {
    if (state === 0) return [];
    const [seen, roundTrip] = [memory.seen[place] as number, memory.roundTrip[place] as number];
    return [
      {
        ...{ place, fixed: state === 2, sender: (memory.sender[place] as number) >>> 0 },
        seen: Number.isFinite(seen) ? seen : undefined,
        roundTrip: Number.isNaN(roundTrip) ? undefined : roundTrip,
      },
    ];
  });
}

export class PeerTable {
  readonly memory: PeerMemory;
  /** By place; behind the last is one more, for whoever sends to a group. */
  readonly addresses: Uint8Array;
  readonly #generation: Int32Array;
  readonly #sender: Int32Array;
  readonly #seen: Float64Array;
  readonly #roundTrip: Float64Array;
  /** 1: a place that is in use; 2: for ever. */
  readonly #state: Uint8Array;
  readonly #heads: Int32Array;
  readonly #nexts: Int32Array;
  #size = 0;

  /** @param capacity peers at once, up to 4096. */
  constructor(
    readonly capacity: number,
    private readonly hash: AddressHash,
  ) {
    const shared = (bytes: number) => new SharedArrayBuffer(bytes);
    this.addresses = new Uint8Array(shared((capacity + 1) * peerAddressSize));
    this.#generation = new Int32Array(shared(capacity * 4));
    this.#sender = new Int32Array(shared(capacity * 4));
    this.#seen = new Float64Array(shared(capacity * 8));
    this.#roundTrip = new Float64Array(shared(capacity * 8));
    this.#state = new Uint8Array(shared(capacity));
    this.memory = {
      ...{ addresses: this.addresses, sender: this.#sender, seen: this.#seen },
      ...{ roundTrip: this.#roundTrip, state: this.#state },
    };
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2))).fill(noPeer);
    this.#nexts = new Int32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** @returns the peer at the address that lies at `offset`, or noPeer. */
  find(bytes: Uint8Array, offset: number): number {
    for (let place = this.#heads[this.#bucket(bytes, offset)] as number; place !== noPeer; ) {
      if (this.#is(place, bytes, offset)) return this.#numberOf(place);
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
    const place = this.#state.indexOf(0);
    if (place === noPeer) return noPeer;
    for (let i = 0; i < peerAddressSize; i += 1) {
      this.addresses[place * peerAddressSize + i] = bytes[offset + i] as number;
    }
    const bucket = this.#bucket(bytes, offset);
    this.#nexts[place] = this.#heads[bucket] as number;
    this.#heads[bucket] = place;
    this.#state[place] = fixed ? 2 : 1;
    this.#seen[place] = fixed ? Number.NEGATIVE_INFINITY : now;
    this.#roundTrip[place] = Number.NaN;
    this.#sender[place] = 0;
    this.#size += 1;
    return this.#numberOf(place);
  }

  /** Takes note of a peer's being there. @param sender its instance. */
  hear(peer: number, sender: number, now: number): void {
    const place = peer & placeMask;
    this.#seen[place] = now;
    this.#sender[place] = sender;
  }

  /** @param microseconds from a hello to its reply. */
  measure(peer: number, microseconds: number): void {
    this.#roundTrip[peer & placeMask] = microseconds;
  }

  /** Whether the number is still that peer's. */
  isCurrent(peer: number): boolean {
    const place = peer & placeMask;
    return peer >= 0 && place < this.capacity && this.#state[place] !== 0 && this.#numberOf(place) === peer;
  }

  placeOf(peer: number): number {
    return peer & placeMask;
  }

  /** The peer has gone. One that is fixed keeps its address, and a new number: what was behind it may be elsewhere. */
  leave(peer: number): void {
    const place = peer & placeMask;
    this.#generation[place] = ((this.#generation[place] as number) + 1) % generations;
    this.#seen[place] = Number.NEGATIVE_INFINITY;
    this.#roundTrip[place] = Number.NaN;
    if (this.#state[place] === 2) return;
    this.#unlink(place);
    this.#state[place] = 0;
    this.#size -= 1;
  }

  /** Lets go of those that were not heard of for so many seconds. */
  age(now: number, seconds: number): void {
    for (let place = 0; place < this.capacity; place += 1) {
      if (this.#state[place] === 0 || this.#seen[place] === Number.NEGATIVE_INFINITY) continue;
      if (now - (this.#seen[place] as number) > seconds) this.leave(this.#numberOf(place));
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
    const at = place * peerAddressSize;
    for (let i = 0; i < peerAddressSize; i += 1) if (this.addresses[at + i] !== bytes[offset + i]) return false;
    return true;
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

export interface PeerState {
  /** Of its address in `addresses`. */
  readonly place: number;
  /** By the configuration. */
  readonly fixed: boolean;
  readonly sender: number;
  /** Seconds of the clock of hear(); undefined: nothing was heard of it. */
  readonly seen: number | undefined;
  /** Microseconds; undefined: not known. */
  readonly roundTrip: number | undefined;
}
