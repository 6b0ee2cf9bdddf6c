/** What a guest may say to the host behind its tap in the hope of an answer. */
import { slowSum } from './offload-frames.js';

const guest = [0x02, 0, 0, 0, 0, 0x99];
const all = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
const word = (value: number) => [value >> 8, value & 0xff];
const linkLocal = (last: number) => [0xfe, 0x80, ...new Array<number>(13).fill(0), last];

function withSum(bytes: readonly number[], at: number, pseudo: readonly number[] = []): number[] {
  const sum = 0xffff - slowSum([...pseudo, ...bytes]);
  return [...bytes.slice(0, at), ...word(sum), ...bytes.slice(at + 2)];
}

function icmp6(to: readonly number[], message: readonly number[]): Uint8Array {
  const from = linkLocal(0x99);
  const pseudo = [...from, ...to, ...word(0), ...word(message.length), 0, 0, 0, 58];
  const header = [0x60, 0, 0, 0, ...word(message.length), 58, 255, ...from, ...to];
  return Uint8Array.of(...all, ...guest, 0x86, 0xdd, ...header, ...withSum(message, 2, pseudo));
}

/** @param ipv4 the host's; its link-local IPv6 address ends in 1. */
export function questions(ipv4: readonly number[]): Readonly<Record<string, Uint8Array>> {
  const own = [...ipv4.slice(0, 3), 99];
  const arp = [0, 1, 8, 0, 6, 4, 0, 1, ...guest, ...own, ...new Array<number>(6).fill(0), ...ipv4];
  const echo = withSum([8, 0, 0, 0, 0, 1, 0, 1], 2);
  const header = withSum([0x45, 0, ...word(20 + echo.length), 0, 1, 0, 0, 64, 1, 0, 0, ...own, ...ipv4], 10);
  const everyone = [0xff, 0x02, ...new Array<number>(13).fill(0), 1];
  const solicited = [0xff, 0x02, ...new Array<number>(9).fill(0), 1, 0xff, 0, 0, 1];
  return {
    'an ARP request': Uint8Array.of(...all, ...guest, 8, 6, ...arp, ...new Array<number>(18).fill(0)),
    'an IPv4 echo': Uint8Array.of(...all, ...guest, 8, 0, ...header, ...echo),
    'an IPv6 echo to all': icmp6(everyone, [128, 0, 0, 0, 0, 1, 0, 1]),
    'a neighbour solicitation': icmp6(solicited, [135, 0, 0, 0, 0, 0, 0, 0, ...linkLocal(1), 1, 1, ...guest]),
  };
}
