/**
 * A program that is a host of its own by a bare packet socket: it answers who asks for its IPv4 address by ARP (RFC 826),
 * and sends every UDP datagram back to where it came from. Arguments: the descriptor, the address.
 */
import { readSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where this program is. */
export const frameHost = fileURLToPath(import.meta.url);

const mac = Buffer.from('020000000077', 'hex');
const [arp, ipv4] = [0x0806, 0x0800];

/** @returns the answer to an ARP request; undefined: it is not for us. */
function answerArp(frame: Buffer, ip: Buffer): Buffer | undefined {
  if (frame.readUInt16BE(20) !== 1 || !frame.subarray(38, 42).equals(ip)) return undefined;
  const asker = frame.subarray(22, 32);
  const head = [frame.subarray(6, 12), mac, frame.subarray(12, 20), Buffer.from([0, 2])];
  return Buffer.concat([...head, mac, ip, asker, Buffer.alloc(18)]);
}

/** @returns the same datagram with its ends changed over; undefined: it is none for us. Sums stay right that way. */
function answerUdp(frame: Buffer, ip: Buffer): Buffer | undefined {
  if (frame[14] !== 0x45 || frame[23] !== 17 || !frame.subarray(30, 34).equals(ip)) return undefined;
  const answer = Buffer.concat([frame.subarray(6, 12), mac, frame.subarray(12)]);
  frame.copy(answer, 26, 30, 34);
  frame.copy(answer, 30, 26, 30);
  frame.copy(answer, 34, 36, 38);
  frame.copy(answer, 36, 34, 36);
  // None: over a wire of veth what comes has a sum that the sender left unfinished
  answer.writeUInt16BE(0, 40);
  return answer;
}

function serve(fd: number, address: string): never {
  const ip = Buffer.from(address.split('.').map(Number));
  const memory = Buffer.alloc(65_600);
  process.stdout.write('ready\n');
  for (;;) {
    const frame = memory.subarray(0, readSync(fd, memory));
    const type = frame.length < 42 ? 0 : frame.readUInt16BE(12);
    const answer = type === arp ? answerArp(frame, ip) : type === ipv4 ? answerUdp(frame, ip) : undefined;
    if (answer !== undefined) writeSync(fd, answer);
  }
}

if (process.argv[1] === frameHost) serve(Number(process.argv[2]), process.argv[3] ?? '');
