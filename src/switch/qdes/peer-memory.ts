/** What is known of the far ends of a QDES network, by place, in one piece of shared memory: another thread may list it. */

/** Bytes of an address: a sockaddr_in or sockaddr_in6, then zeros. What they mean is not looked at. */
export const peerAddressSize = 32;

/** No peer has the first place: where its address would be lies that of the group. */
export const groupPlace = 0;

export interface PeerMemory {
  readonly addresses: Uint8Array;
  readonly sender: Int32Array;
  readonly seen: Float64Array;
  readonly roundTrip: Float64Array;
  /** 0: nobody's place; 1: a peer's; 2: one's for ever. */
  readonly state: Uint8Array;
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

/** @param from what it begins with, of fewer places; left out: all zeros. */
export function peerMemory(places: number, from?: PeerMemory): PeerMemory {
  const bytes = 2 * Float64Array.BYTES_PER_ELEMENT + Int32Array.BYTES_PER_ELEMENT + peerAddressSize + 1;
  const all = new SharedArrayBuffer(places * bytes);
  const seen = new Float64Array(all, 0, places);
  const roundTrip = new Float64Array(all, seen.byteLength, places);
  const sender = new Int32Array(all, 2 * seen.byteLength, places);
  const addresses = new Uint8Array(all, sender.byteOffset + sender.byteLength, places * peerAddressSize);
  const state = new Uint8Array(all, addresses.byteOffset + addresses.byteLength, places);
  if (from !== undefined) {
    seen.set(from.seen);
    roundTrip.set(from.roundTrip);
    sender.set(from.sender);
    addresses.set(from.addresses);
    state.set(from.state);
  }
  return { addresses, sender, seen, roundTrip, state };
}

/** Peers and what is known of them, each of which may have just gone. It allocates: for listings. */
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
