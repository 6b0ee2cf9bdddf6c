/**
 * The Internet checksum (RFC 1071): a sum of 16-bit words in network byte order, whose carries come in again at the other
 * end. Sums here are of at most 256 KB, and folded to 16 bits; the checksum is a sum's complement.
 */
import { checksumOffsetOf, checksumStartOf, flagsOf, needsChecksum, setFlags } from './vnet-header.js';

/** Regions of memory are few and live long. */
const views = new WeakMap<Uint8Array, DataView>();

function viewOf(bytes: Uint8Array): DataView {
  const known = views.get(bytes);
  if (known !== undefined) return known;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  views.set(bytes, view);
  return view;
}

/** @param sum of words, from 0 to 2^53. @returns it in 16 bits; 0 only for 0. */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

/** The sum of `length` bytes from `at` on; an odd one counts as if a zero followed. */
export function sumOf(bytes: Uint8Array, at: number, length: number): number {
  const view = viewOf(bytes);
  const end = at + length;
  let upper = 0;
  let lower = 0;
  let next = at;
  for (; next + 8 <= end; next += 8) {
    const one = view.getInt32(next);
    const two = view.getInt32(next + 4);
    upper = (upper + (one >>> 16) + (two >>> 16)) | 0;
    lower = (lower + (one & 0xffff) + (two & 0xffff)) | 0;
  }
  for (; next + 2 <= end; next += 2) lower = (lower + view.getUint16(next)) | 0;
  if (next < end) lower = (lower + (view.getUint8(next) << 8)) | 0;
  return fold((upper >>> 0) + (lower >>> 0));
}

/** Copies bytes, and gives their sum as sumOf() does. The two do not overlap. */
export function copyAndSum(from: Uint8Array, at: number, length: number, to: Uint8Array, toAt: number): number {
  const source = viewOf(from);
  const target = viewOf(to);
  const end = at + length;
  const by = toAt - at;
  let upper = 0;
  let lower = 0;
  let next = at;
  for (; next + 8 <= end; next += 8) {
    const one = source.getInt32(next);
    const two = source.getInt32(next + 4);
    target.setInt32(next + by, one);
    target.setInt32(next + 4 + by, two);
    upper = (upper + (one >>> 16) + (two >>> 16)) | 0;
    lower = (lower + (one & 0xffff) + (two & 0xffff)) | 0;
  }
  for (; next + 2 <= end; next += 2) {
    const word = source.getUint16(next);
    target.setUint16(next + by, word);
    lower = (lower + word) | 0;
  }
  if (next < end) {
    const last = source.getUint8(next);
    target.setUint8(next + by, last);
    lower = (lower + (last << 8)) | 0;
  }
  return fold((upper >>> 0) + (lower >>> 0));
}

/**
 * Completes the checksum that a frame's sender left to others, in its place, as the kernel's skb_checksum_help() does, and
 * says so in its header. Zero becomes 0xffff, which is the same to every protocol but UDP, where zero is no checksum at all
 * (RFC 768).
 *
 * @param headerAt where its virtio-net header is, which check.ts has let pass and which asks for this.
 */
export function completeChecksum(bytes: Uint8Array, headerAt: number, at: number, length: number): void {
  const start = checksumStartOf(bytes, headerAt);
  writeChecksum(bytes, at, length, start, start + checksumOffsetOf(bytes, headerAt));
  setFlags(bytes, headerAt, flagsOf(bytes, headerAt) & ~needsChecksum);
}

/** @param start,field of the checksum: where it begins to count, and where it goes to; from the frame's first byte on. */
export function writeChecksum(bytes: Uint8Array, at: number, length: number, start: number, field: number): void {
  const checksum = 0xffff - sumOf(bytes, at + start, length - start);
  viewOf(bytes).setUint16(at + field, checksum === 0 ? 0xffff : checksum);
}
