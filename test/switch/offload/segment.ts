/** Segments against the same frames built one by one; test/switch/offload/as-the-kernel.ts has them from the kernel. */
import t, { type Test } from 'tap';
import { SegmentSlots, segment } from '../../../src/switch/offload/segment.js';
import { clearVnetHeader, setFlags, setGsoSize, vnetHeaderLength } from '../../../src/switch/offload/vnet-header.js';
import { offloadedFrame, type Packet, plainPacket, randomPacket, segmentsOf } from '../../support/offload-frames.js';
import { randomNumbers } from '../../support/random.js';

const slots = new SegmentSlots(new Uint8Array(2 + 300 * 2000), 2, 2000, 300);

function cut(bytes: Uint8Array, into = slots): Uint8Array[] {
  const count = segment(bytes, 0, vnetHeaderLength, bytes.length - vnetHeaderLength, into);
  return Array.from({ length: count }, (_, i) => {
    const from = into.at + i * into.stride;
    return into.bytes.subarray(from, from + (into.lengths[i] as number));
  });
}

function compare(t: Test, found: readonly Uint8Array[], wanted: readonly Uint8Array[], name: string): void {
  const hex = (frames: readonly Uint8Array[]) => frames.map((frame) => Buffer.from(frame).toString('hex'));
  if (Buffer.compare(Buffer.concat(found), Buffer.concat(wanted)) !== 0 || found.length !== wanted.length)
    t.same(hex(found), hex(wanted), name);
}

t.test('an example in bytes', async (t) => {
  const packet: Packet = {
    ...plainPacket,
    ...{ tcpOptions: 0, id: 0xffff, seq: 0xfffffffe, flags: 0x99, payload: Uint8Array.of(1, 2, 3, 4, 5) },
  };
  const addresses = '020000000002' + '020000000001';
  t.same(
    cut(offloadedFrame(packet, 2)).map((frame) => Buffer.from(frame).toString('hex')),
    [
      [
        `${addresses}0800`,
        '4500002affff4000400626cc0a0000010a000002',
        '9c400050fffffffe01020304509001f4f7c40000',
        '0102',
      ],
      [
        `${addresses}0800`,
        '4500002a00004000400626cc0a0000010a000002',
        '9c4000500000000001020304501001f4f6410000',
        '0304',
      ],
      [
        `${addresses}0800`,
        '4500002900014000400626cc0a0000010a000002',
        '9c4000500000000201020304501901f4f43b0000',
        '05',
      ],
    ].map((parts) => parts.join('')),
  );
});

for (const [name, longest, size] of [
  ['short', 60, 30],
  ['long', 20_000, 1900],
] as const) {
  t.test(`${name} random frames`, async (t) => {
    const random = randomNumbers(longest);
    for (let step = 0; step < 60_000 / size; step += 1) {
      const packet = randomPacket(random, longest);
      const gsoSize = Math.min(size, 1 + random(size));
      const wanted = segmentsOf(packet, gsoSize);
      const fits =
        wanted.length <= (packet.protocol === 'udp' ? 128 : 300) &&
        Math.max(...wanted.map((frame) => frame.length)) <= 2000;
      compare(
        t,
        cut(offloadedFrame(packet, gsoSize)),
        fits ? wanted : [],
        `step ${step}: ${gsoSize} of ${packet.payload.length}`,
      );
    }
  });
}

t.test('64 KB', async (t) => {
  const payload = Uint8Array.from({ length: 65_000 }, (_, i) => (i * i) >> 3);
  for (const ip of [4, 6] as const) {
    const packet: Packet = { ...plainPacket, ip, seq: 0xffff_0000, payload };
    const found = cut(offloadedFrame(packet, 1448));
    t.equal(found.length, 45);
    compare(t, found, segmentsOf(packet, 1448), `IPv${ip}`);
  }
});

t.test('what a device has put together and verified has no checksum to complete', async (t) => {
  for (const ip of [4, 6] as const) {
    const packet: Packet = { ...plainPacket, ip };
    const bytes = offloadedFrame(packet, 30);
    setFlags(bytes, 0, 0);
    compare(t, cut(bytes), segmentsOf(packet, 30), `IPv${ip}`);
  }
});

t.test('no longer than one segment: as it is, with padding', async (t) => {
  const packet: Packet = { ...plainPacket, tcpOptions: 0, payload: Uint8Array.of(7) };
  const whole = Uint8Array.of(...offloadedFrame(packet, 1448), 0, 0, 0, 0, 0);
  const [wanted] = segmentsOf(packet, 1448);
  compare(t, cut(whole), [Uint8Array.of(...(wanted as Uint8Array), 0, 0, 0, 0, 0)], 'padded');
  setFlags(whole, 0, 0);
  compare(t, cut(whole), [whole.subarray(vnetHeaderLength)], 'and nothing to complete');
  compare(
    t,
    cut(offloadedFrame({ ...packet, payload: new Uint8Array() }, 9)),
    segmentsOf({ ...packet, payload: new Uint8Array() }, 9),
    'without payload',
  );
});

t.test('too many, too long', async (t) => {
  const frame = offloadedFrame({ ...plainPacket, payload: new Uint8Array(100) }, 10);
  const into = (stride: number, count: number) => new SegmentSlots(new Uint8Array(stride * count), 0, stride, count);
  t.equal(cut(frame, into(76, 10)).length, 10);
  t.equal(cut(frame, into(76, 9)).length, 0);
  t.equal(cut(frame, into(75, 10)).length, 0);
  setGsoSize(frame, 0, 1);
  t.equal(cut(frame, into(76, 100)).length, 100);
  const udp = offloadedFrame({ ...plainPacket, protocol: 'udp', payload: new Uint8Array(257) }, 2);
  t.equal(cut(udp).length, 0, 'of UDP, over 128');
  t.equal(cut(udp.subarray(0, -1)).length, 128);
  clearVnetHeader(frame, 0);
  t.equal(cut(frame).length, 0, 'and one that is not to be cut');
  t.throws(() => new SegmentSlots(new Uint8Array(99), 0, 10, 10), RangeError);
});
