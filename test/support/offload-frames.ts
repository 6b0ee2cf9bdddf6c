/**
 * Packets of TCP and UDP in Ethernet, described so that each test can have them as they go on the wire, or as a sender with
 * offloads leaves them. Built the slow and obvious way: the measure of src/switch/offload.
 */
import * as vnet from '../../src/switch/offload/vnet-header.js';
import { station } from './frames.js';

export interface Packet {
  readonly ip: 4 | 6;
  readonly protocol: 'tcp' | 'udp';
  /** The TCIs of VLAN tags, the outermost first. */
  readonly tags: readonly number[];
  /** Of IPv4, in words of four bytes. */
  readonly ipOptions: number;
  /** Of IPv6, by their numbers. */
  readonly extensions: readonly number[];
  /** Of TCP, in words of four bytes. */
  readonly tcpOptions: number;
  readonly id: number;
  readonly seq: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

export const plainPacket: Packet = {
  ...{ ip: 4, protocol: 'tcp', tags: [], ipOptions: 0, extensions: [], tcpOptions: 3, id: 7, seq: 1000, flags: 0x10 },
  payload: new Uint8Array(100).fill(0x61),
};

const big = (...words: readonly number[]) => words.flatMap((word) => [(word >>> 8) & 0xff, word & 0xff]);
const big32 = (value: number) => big((value / 0x10000) & 0xffff, value & 0xffff);
const nops = (words: number) => new Array<number>(words * 4).fill(1);

/** As RFC 1071 says, a word at a time. */
export function slowSum(bytes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += (bytes[i] as number) * 256 + (i + 1 < bytes.length ? (bytes[i + 1] as number) : 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

const protocolOf = ({ protocol }: Packet) => (protocol === 'tcp' ? 6 : 17);
const addresses = (ip: 4 | 6) =>
  ip === 4 ? [10, 0, 0, 1, 10, 0, 0, 2] : Array.from({ length: 32 }, (_, i) => 0x20 + i);

/** Where the checksum is in the header of TCP or UDP. */
export const fieldOf = ({ protocol }: Packet) => (protocol === 'tcp' ? 16 : 6);

/** @param checksum what is in its field. */
function transportOf(packet: Packet, checksum: number): number[] {
  const { protocol, seq, flags, tcpOptions, payload } = packet;
  if (protocol === 'udp') return [...big(40_000, 9, 8 + payload.length, checksum), ...payload];
  const words = 5 + tcpOptions;
  const header = [...big(40_000, 80), ...big32(seq), ...big32(0x01020304), words << 4, flags, ...big(500, checksum, 0)];
  return [...header, ...nops(tcpOptions), ...payload];
}

function networkOf(packet: Packet, bytes: number): number[] {
  const { ip, ipOptions, extensions, id } = packet;
  if (ip === 4) {
    const words = 5 + ipOptions;
    const start = [0x40 | words, 0, ...big(words * 4 + bytes, id), 0x40, 0, 64, protocolOf(packet)];
    const sum = slowSum([...start, ...addresses(4), ...nops(ipOptions)]);
    return [...start, ...big(0xffff - sum), ...addresses(4), ...nops(ipOptions)];
  }
  const chain = [...extensions, protocolOf(packet)];
  // Each one is eight bytes longer than the one before; what is in them is of no consequence: padding
  const headers = extensions.flatMap((_, i) => [chain[i + 1] as number, i, 1, 4 + i * 8, ...new Uint8Array(4 + i * 8)]);
  return [0x60, 0, 0, 0, ...big(headers.length + bytes), chain[0] as number, 64, ...addresses(6), ...headers];
}

function pseudoSum(packet: Packet, bytes: number): number {
  return slowSum([...addresses(packet.ip), ...big(protocolOf(packet)), ...big(bytes)]);
}

function frameOf(packet: Packet, transport: readonly number[]): Uint8Array {
  const tags = packet.tags.flatMap((tci) => big(0x8100, tci));
  const type = big(packet.ip === 4 ? 0x0800 : 0x86dd);
  return Uint8Array.of(
    ...station(2),
    ...station(1),
    ...tags,
    ...type,
    ...networkOf(packet, transport.length),
    ...transport,
  );
}

/** The frame as it goes on the wire. */
export function wireFrame(packet: Packet): Uint8Array {
  const bytes = transportOf(packet, 0).length;
  const sum = slowSum([...big(pseudoSum(packet, bytes)), ...transportOf(packet, 0)]);
  const checksum = 0xffff - sum;
  return frameOf(packet, transportOf(packet, packet.protocol === 'udp' && checksum === 0 ? 0xffff : checksum));
}

/** Where TCP or UDP begins in the frame. */
export function transportAt(packet: Packet): number {
  return frameOf(packet, []).length;
}

/**
 * The frame with its checksum left to others, behind the virtio-net header that says so.
 *
 * @param gsoSize bytes of payload a segment; 0: it is one frame.
 */
export function offloadedFrame(packet: Packet, gsoSize = 0): Uint8Array {
  const bytes = transportOf(packet, 0).length;
  const frame = frameOf(packet, transportOf(packet, pseudoSum(packet, bytes)));
  const header = new Uint8Array(vnet.vnetHeaderLength);
  const start = transportAt(packet);
  const tcpType = packet.ip === 4 ? vnet.gsoTcp4 : vnet.gsoTcp6;
  const ecn = (packet.flags & 0x80) !== 0 ? vnet.gsoEcn : 0;
  vnet.setFlags(header, 0, vnet.needsChecksum);
  vnet.setChecksumStart(header, 0, start);
  vnet.setChecksumOffset(header, 0, fieldOf(packet));
  vnet.setGsoType(header, 0, gsoSize === 0 ? vnet.gsoNone : packet.protocol === 'udp' ? vnet.gsoUdp : tcpType | ecn);
  vnet.setGsoSize(header, 0, gsoSize);
  vnet.setHeaderLength(header, 0, frame.length - packet.payload.length);
  return Uint8Array.of(...header, ...frame);
}

/** The frames that are meant by offloadedFrame(), as they go on the wire. */
export function segmentsOf(packet: Packet, gsoSize: number): Uint8Array[] {
  const count = Math.max(1, Math.ceil(packet.payload.length / gsoSize));
  return Array.from({ length: count }, (_, i) => {
    const payload = packet.payload.slice(i * gsoSize, (i + 1) * gsoSize);
    const flags = packet.flags & (i === 0 ? 0xff : ~0x80) & (i === count - 1 ? 0xff : ~0x09);
    const seq = (packet.seq + i * gsoSize) % 2 ** 32;
    return wireFrame({ ...packet, payload, flags, seq, id: (packet.id + i) & 0xffff });
  });
}

/** @param random gives whole numbers from 0 to below its limit. @param longest bytes of payload, at most. */
export function randomPacket(random: (below: number) => number, longest: number): Packet {
  const some = <T>(items: readonly T[]) => items.filter(() => random(4) === 0);
  const zeros = random(10) === 0;
  return {
    ...{ ip: random(2) === 0 ? 4 : 6, protocol: random(3) === 0 ? 'udp' : 'tcp', tags: some([5, 0xe7ea]) },
    ...{ ipOptions: random(3) === 0 ? random(11) : 0, extensions: some([0, 43, 60]), tcpOptions: random(11) },
    ...{ id: random(0x10000), seq: random(2 ** 31) * 2 + random(2), flags: random(256) },
    payload: Uint8Array.from({ length: 1 + random(longest) }, () => (zeros ? 0 : random(256))),
  };
}
