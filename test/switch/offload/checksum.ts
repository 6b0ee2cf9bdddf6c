import t from 'tap';
import { completeChecksum, copyAndSum, fold, sumOf, writeChecksum } from '../../../src/switch/offload/checksum.js';
import { flagsOf, vnetHeaderLength } from '../../../src/switch/offload/vnet-header.js';
import {
  fieldOf,
  offloadedFrame,
  type Packet,
  plainPacket,
  randomPacket,
  slowSum,
  transportAt,
  wireFrame,
} from '../../support/offload-frames.js';
import { randomNumbers } from '../../support/random.js';

t.test('the example of RFC 1071', async (t) => {
  t.equal(sumOf(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7), 0, 8), 0xddf2);
});

t.test('sums of any place and length', async (t) => {
  const random = randomNumbers(1071);
  const bytes = Uint8Array.from({ length: 700 }, () => random(256));
  const copy = new Uint8Array(700);
  const changed = (byte: number) => byte !== 0xaa;
  for (let step = 0; step < 5000; step += 1) {
    const [at, length, to] = [random(300), random(300), random(300)];
    const wanted = slowSum(bytes.subarray(at, at + length));
    if (sumOf(bytes, at, length) !== wanted) t.fail(`${length} bytes at ${at}`);
    copy.fill(0xaa);
    if (copyAndSum(bytes, at, length, copy, to) !== wanted) t.fail(`${length} bytes at ${at} to ${to}`);
    const same = Buffer.compare(copy.subarray(to, to + length), bytes.subarray(at, at + length)) === 0;
    if (!same || copy.subarray(0, to).some(changed) || copy.subarray(to + length).some(changed))
      t.fail(`${length} bytes at ${at}, copied to ${to}`);
  }
});

t.test('the largest sums', async (t) => {
  const most = new Uint8Array(256 * 1024).fill(0xff);
  t.equal(sumOf(most, 0, most.length), 0xffff);
  t.equal(copyAndSum(most, 0, most.length, new Uint8Array(most.length), 0), 0xffff);
  t.equal(sumOf(most, 1, 65_549), slowSum(most.subarray(0, 65_549)));
  t.same([0, 1, 0xffff, 0x10000, 0x1fffe, 2 ** 40].map(fold), [0, 1, 0xffff, 1, 0xffff, 256]);
});

t.test('a part of memory', async (t) => {
  const whole = Uint8Array.of(1, 2, 3, 4, 5, 6);
  t.equal(sumOf(whole.subarray(2), 0, 4), 0x0304 + 0x0506);
});

/** What completeChecksum() makes of a packet. */
function completed(packet: Packet): Uint8Array {
  const bytes = offloadedFrame(packet);
  completeChecksum(bytes, 0, vnetHeaderLength, bytes.length - vnetHeaderLength);
  return bytes;
}

t.test('what a sender left to others is completed', async (t) => {
  const random = randomNumbers(3);
  for (let step = 0; step < 2000; step += 1) {
    const packet = randomPacket(random, 100);
    const bytes = completed(packet);
    if (flagsOf(bytes, 0) !== 0) t.fail('the header still wants it');
    if (Buffer.compare(bytes.subarray(vnetHeaderLength), wireFrame(packet)) !== 0) t.same(bytes, wireFrame(packet));
  }
});

t.test('a checksum of zero is no checksum to UDP', async (t) => {
  const packet: Packet = { ...plainPacket, protocol: 'udp', payload: Uint8Array.of(0, 0) };
  const at = transportAt(packet) + fieldOf(packet);
  const before = wireFrame(packet);
  const payload = before.slice(at, at + 2);
  const bytes = completed({ ...packet, payload });
  t.same([...bytes.subarray(vnetHeaderLength + at).subarray(0, 2)], [0xff, 0xff]);
});

t.test('where a field is at an odd place', async (t) => {
  const bytes = Uint8Array.of(9, 9, 1, 2, 3, 4);
  writeChecksum(bytes, 1, 5, 1, 2);
  t.same([...bytes], [9, 9, 1, 0xfb, 0xf9, 4]);
});
