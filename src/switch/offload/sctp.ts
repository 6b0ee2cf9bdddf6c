/**
 * SCTP's checksum is a CRC (RFC 9260, appendix A), and the virtio-net header that leaves it to others is that of an Internet
 * checksum: only the frame itself tells. Interfaces of software, as veth, leave it to others too.
 */
import { headerLength, typeAt } from '../frame.js';
import { networkOffset } from './layout.js';
import { checksumOffsetOf, checksumStartOf, flagsOf, needsChecksum, setFlags } from './vnet-header.js';

const [ip4Type, ip6Type] = [0x0800, 0x86dd];
const sctp = 132;
/** Where the checksum is in SCTP's header: neither TCP nor UDP has theirs there. */
const field = 8;
/** CRC-32C's polynomial, its bits the other way round. */
const polynomial = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  return crc;
});

/** Whether the checksum that a frame's header leaves to others is SCTP's. check.ts has let the header pass. */
export function isSctp(bytes: Uint8Array, headerAt: number, at: number, length: number): boolean {
  if (checksumOffsetOf(bytes, headerAt) !== field || checksumStartOf(bytes, headerAt) + field + 4 > length)
    return false;
  const network = networkOffset(bytes, at, length);
  if (network + 20 > length) return false;
  const type = typeAt(bytes, at + network - headerLength);
  return (
    (type === ip4Type && bytes[at + network + 9] === sctp) || (type === ip6Type && bytes[at + network + 6] === sctp)
  );
}

/** Completes it in its place, and says so in the header. Behind the packet may be padding, which does not count. */
export function completeSctp(bytes: Uint8Array, headerAt: number, at: number, length: number): void {
  const start = checksumStartOf(bytes, headerAt);
  const end = at + Math.min(length, endOf(bytes, at, length));
  const place = at + start + field;
  bytes.fill(0, place, place + 4);
  let crc = 0xffff_ffff;
  for (let i = at + start; i < end; i += 1) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[i] as number)) & 0xff] as number);
  }
  crc = ~crc;
  // The lowest byte first, unlike all other numbers
  for (let i = 0; i < 4; i += 1) bytes[place + i] = crc >>> (8 * i);
  setFlags(bytes, headerAt, flagsOf(bytes, headerAt) & ~needsChecksum);
}

/** Where the packet ends in the frame, by IP. */
function endOf(bytes: Uint8Array, at: number, length: number): number {
  const network = networkOffset(bytes, at, length);
  const ip6 = typeAt(bytes, at + network - headerLength) === ip6Type;
  const size = at + network + (ip6 ? 4 : 2);
  return network + (ip6 ? 40 : 0) + (((bytes[size] as number) << 8) | (bytes[size + 1] as number));
}
