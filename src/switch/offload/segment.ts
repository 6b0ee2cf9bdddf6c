/**
 * Segmentation in software: one long frame of TCP or UDP becomes those that its sender meant (virtio 1.2, 5.1.6.2), byte for
 * byte as the kernel makes them (tcp_gso_segment, __udp_gso_segment, inet_gso_segment, ipv6_gso_segment).
 */
import { copyAndSum, fold, sumOf, writeChecksum } from './checksum.js';
import { Layout } from './layout.js';
import { flagsOf, gsoSizeOf, needsChecksum } from './vnet-header.js';

/** Where segments go to: memory of the caller's, in places of the same size. */
export class SegmentSlots {
  /** The bytes of each segment of the last frame. */
  readonly lengths: Int32Array;

  /**
   * @param at where the first begins; it and the stride may be set anew before each frame.
   * @param stride bytes from one to the next: the longest that there can be.
   * @param count how many there are: frames that would become more are dropped.
   */
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    public stride: number,
    count: number,
  ) {
    if (at + stride * count > bytes.length)
      throw new RangeError(`${bytes.length} bytes are too few for ${count} slots`);
    this.lengths = new Int32Array(count);
  }
}

const layout = new Layout();
const finAndPush = 0x09;
const windowReduced = 0x80;

function read16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function write16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/**
 * Cuts a frame into segments with finished checksums.
 *
 * @param headerAt where its virtio-net header is.
 * @param into memory that has nothing of the frame.
 * @returns how many there are now; 0: it is dropped, as 'bad-offload', since it and its header do not fit each other, or
 *   it would become too many or too long frames.
 */
export function segment(bytes: Uint8Array, headerAt: number, at: number, length: number, into: SegmentSlots): number {
  if (!layout.read(bytes, headerAt, at, length)) return 0;
  const size = gsoSizeOf(bytes, headerAt);
  const { payload, transport, network } = layout;
  const count = Math.ceil((length - payload) / size);
  const longest = Math.min(length, payload + size);
  if (count > into.lengths.length || longest > into.stride || longest - network > 0xffff) return 0;
  const partial = (flagsOf(bytes, headerAt) & needsChecksum) !== 0;
  if (count <= 1) return copyWhole(bytes, at, length, partial, into);
  const base = partial ? partialSum(bytes, at, length) : pseudoSum(bytes, at);
  for (let i = 0; i < count; i += 1) {
    const from = payload + i * size;
    const bytesHere = Math.min(size, length - from);
    const to = into.at + i * into.stride;
    copyAndSum(bytes, at, payload, into.bytes, to);
    const sum = copyAndSum(bytes, at + from, bytesHere, into.bytes, to + payload);
    into.lengths[i] = payload + bytesHere;
    numberNetwork(into.bytes, to + network, payload - network + bytesHere, i);
    const transportBytes = payload - transport + bytesHere;
    if (layout.udp) write16(into.bytes, to + transport + 4, transportBytes);
    else numberTcp(into.bytes, to + transport, i * size, i === count - 1);
    finish(into.bytes, to, base + transportBytes + sum);
  }
  return count;
}

/** A frame that is no longer than one segment stays as it is but for its checksum: behind its payload may be padding. */
function copyWhole(bytes: Uint8Array, at: number, length: number, partial: boolean, into: SegmentSlots): number {
  copyAndSum(bytes, at, length, into.bytes, into.at);
  into.lengths[0] = length;
  const { transport } = layout;
  if (partial) writeChecksum(into.bytes, into.at, length, transport, transport + (layout.udp ? 6 : 16));
  return 1;
}

/** The sum of the pseudo header without its length, from where the sender has left it with the whole length. */
function partialSum(bytes: Uint8Array, at: number, length: number): number {
  const { transport } = layout;
  const whole = layout.udp ? read16(bytes, at + transport + 4) : length - transport;
  return read16(bytes, at + transport + (layout.udp ? 6 : 16)) + 0xffff - fold(whole);
}

/** The same from the addresses: of TCP, where a device has put segments together and verified them. */
function pseudoSum(bytes: Uint8Array, at: number): number {
  const header = at + layout.network;
  return 6 + (layout.ip6 ? sumOf(bytes, header + 8, 32) : sumOf(bytes, header + 12, 8));
}

/** The lengths of IP, and of IPv4 the id and the checksum. */
function numberNetwork(bytes: Uint8Array, at: number, length: number, index: number): void {
  if (layout.ip6) {
    write16(bytes, at + 4, length - 40);
    return;
  }
  write16(bytes, at + 2, length);
  write16(bytes, at + 4, read16(bytes, at + 4) + index);
  write16(bytes, at + 10, 0);
  write16(bytes, at + 10, 0xffff - sumOf(bytes, at, layout.transport - layout.network));
}

/** The sequence number, and the flags that are of the first segment or the last (RFC 9293; RFC 3168 for CWR). */
function numberTcp(bytes: Uint8Array, at: number, offset: number, last: boolean): void {
  const low = read16(bytes, at + 6) + (offset & 0xffff);
  write16(bytes, at + 6, low);
  write16(bytes, at + 4, read16(bytes, at + 4) + (offset >>> 16) + (low >>> 16));
  if (offset !== 0) (bytes[at + 13] as number) &= ~windowReduced;
  if (!last) (bytes[at + 13] as number) &= ~finAndPush;
}

/** @param sum of the pseudo header and the payload. */
function finish(bytes: Uint8Array, at: number, sum: number): void {
  const { transport, payload, udp } = layout;
  const field = at + transport + (udp ? 6 : 16);
  write16(bytes, field, 0);
  const checksum = 0xffff - fold(sum + sumOf(bytes, at + transport, payload - transport));
  write16(bytes, field, udp && checksum === 0 ? 0xffff : checksum);
}
