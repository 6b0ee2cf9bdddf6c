/**
 * What a frame's virtio-net header leaves to be done, where it and the frame agree. It comes from whoever sent the frame: what
 * is not known, or does not fit, is no header that anything may be done by. As strict as the kernel (virtio_net_hdr_to_skb),
 * and stricter where the kernel finds out later.
 */
import { Layout, networkOffset } from './layout.js';
import {
  checksumOffsetOf,
  checksumStartOf,
  dataValid,
  flagsOf,
  gsoNone,
  gsoSizeOf,
  gsoTypeOf,
  headerLengthOf,
  needsChecksum,
} from './vnet-header.js';

/** The frame is dropped, as 'bad-offload'. */
export const isBad = -1;
/** The frame is as it goes on the wire. */
export const isFinished = 0;
/** completeChecksum() is to be called, or the port that it goes to does as much. */
export const wantsChecksum = 1;
/** segment() is to be called, or the port that it goes to does as much. */
export const wantsSegments = 2;

/** The shortest header of IP. */
const minNetwork = 20;
const knownFlags = needsChecksum | dataValid;
const layout = new Layout();

/**
 * @param headerAt where the virtio-net header is.
 * @param length of the frame, of which there is an Ethernet header at least.
 * @returns isBad, isFinished, wantsChecksum or wantsSegments.
 */
export function offloadOf(bytes: Uint8Array, headerAt: number, at: number, length: number): number {
  const flags = flagsOf(bytes, headerAt);
  if ((flags & ~knownFlags) !== 0 || headerLengthOf(bytes, headerAt) > length) return isBad;
  const partial = (flags & needsChecksum) !== 0;
  if (partial && !isBehindAddresses(bytes, headerAt, at, length)) return isBad;
  if (gsoTypeOf(bytes, headerAt) !== gsoNone) return layout.read(bytes, headerAt, at, length) ? wantsSegments : isBad;
  return partial ? wantsChecksum : isFinished;
}

/**
 * Whether the checksum is in the frame, and behind all that the switch decides by: otherwise who sends it could write
 * another address or VLAN where these have been looked at.
 */
function isBehindAddresses(bytes: Uint8Array, headerAt: number, at: number, length: number): boolean {
  const start = checksumStartOf(bytes, headerAt);
  if (start < networkOffset(bytes, at, length) + minNetwork) return false;
  return start + checksumOffsetOf(bytes, headerAt) + 2 <= length;
}

/** How many frames segment() makes of one whose header wants that. */
export function segmentsOf(bytes: Uint8Array, headerAt: number, at: number, length: number): number {
  if (!layout.read(bytes, headerAt, at, length)) return 0;
  return Math.max(1, Math.ceil((length - layout.payload) / gsoSizeOf(bytes, headerAt)));
}

/**
 * The bytes of the longest frame on the wire: what is compared with the longest that a network carries.
 *
 * @param length of the frame, whose header offloadOf() has let pass.
 */
export function longestFrame(bytes: Uint8Array, headerAt: number, at: number, length: number): number {
  if (gsoTypeOf(bytes, headerAt) === gsoNone || !layout.read(bytes, headerAt, at, length)) return length;
  return Math.min(length, layout.payload + gsoSizeOf(bytes, headerAt));
}
