/** What is wrong with an Ethernet frame as it comes to a guest: the slow and obvious way to see it. */
import { slowSum } from './offload-frames.js';

const [ipv4, ipv6] = [0x0800, 0x86dd];
const [icmp, tcp, udp, icmp6] = [1, 6, 17, 58];

/** @param mtu bytes behind Ethernet's header and tags, at most. @returns a clause; undefined: it is right. */
export function faultOf(frame: Buffer, mtu: number): string | undefined {
  let at = 12;
  while (frame.readUInt16BE(at) === 0x8100 || frame.readUInt16BE(at) === 0x88a8) at += 4;
  const type = frame.readUInt16BE(at);
  const packet = frame.subarray(at + 2);
  if (packet.length > mtu) return `${packet.length} bytes, of which ${mtu} are the most`;
  if (type === ipv4) return faultOfIp4(packet);
  return type === ipv6 ? faultOfIp6(packet) : undefined;
}

function faultOfIp4(packet: Buffer): string | undefined {
  const header = ((packet[0] as number) & 15) * 4;
  const length = packet.readUInt16BE(2);
  if (length > packet.length || (length < packet.length && packet.length > 46)) return `IPv4 says ${length} bytes`;
  if (slowSum(packet.subarray(0, header)) !== 0xffff) return 'a checksum of IPv4';
  if ((packet.readUInt16BE(6) & 0x3fff) !== 0) return undefined;
  return faultOfTransport(packet[9] as number, packet.subarray(12, 20), packet.subarray(header, length));
}

function faultOfIp6(packet: Buffer): string | undefined {
  const length = packet.readUInt16BE(4);
  if (length + 40 !== packet.length) return `IPv6 says ${length} bytes`;
  return faultOfTransport(packet[6] as number, packet.subarray(8, 40), packet.subarray(40));
}

function faultOfTransport(protocol: number, addresses: Buffer, bytes: Buffer): string | undefined {
  if (protocol === icmp) return slowSum(bytes) === 0xffff ? undefined : 'a checksum of ICMP';
  if (![tcp, udp, icmp6].includes(protocol)) return undefined;
  if (protocol === udp && bytes.readUInt16BE(4) !== bytes.length) return 'the length of UDP';
  if (protocol === udp && bytes.readUInt16BE(6) === 0) return 'no checksum of UDP';
  const pseudo = Buffer.from([...addresses, 0, protocol, bytes.length >> 8, bytes.length & 0xff]);
  return slowSum(Buffer.concat([pseudo, bytes])) === 0xffff ? undefined : `a checksum of protocol ${protocol}`;
}
