import t from 'tap';
import { FrameIo, headroom } from '../../src/kernel/frame-io.js';
import { isFinished, wantsChecksum, wantsSegments } from '../../src/switch/offload/check.js';
import { vnetHeaderLength } from '../../src/switch/offload/vnet-header.js';
import { Finisher } from '../../src/switchd/finisher.js';
import { offloadedFrame, type Packet, plainPacket, segmentsOf, wireFrame } from '../support/offload-frames.js';

const large = { ...plainPacket, payload: Uint8Array.from({ length: 30_000 }, (_, i) => (i * i) >> 4) };

/** Two slots that frames come into, and room for 64 segments. */
function scene() {
  const io = new FrameIo([
    { slots: 2, room: 66_000 },
    { slots: 64, room: 1518 },
  ]);
  const finisher = new Finisher(io, 2, 64);
  const put = (slot: number, packet: Packet, size: number) => {
    const whole = offloadedFrame(packet, size);
    const bytes = io.bytesOf(slot);
    bytes.set(whole.subarray(0, vnetHeaderLength), io.frontOf(slot));
    bytes.set(whole.subarray(vnetHeaderLength), io.start[slot] as number);
    io.length[slot] = whole.length - vnetHeaderLength;
    io.unfinished[slot] = size === 0 ? wantsChecksum : wantsSegments;
  };
  const frames = (first: number, count: number) =>
    Array.from({ length: count }, (_, i) => {
      const at = io.start[first + i] as number;
      return Buffer.from(io.bytesOf(first + i).slice(at, at + (io.length[first + i] as number)));
    });
  return { io, finisher, put, frames };
}

t.test('a checksum is completed in its place', async (t) => {
  const { io, finisher, put, frames } = scene();
  put(1, plainPacket, 0);
  t.ok(finisher.hasRoom(1));
  t.equal(finisher.finish(1), 1);
  t.equal(finisher.first, 1);
  t.same(frames(1, 1), [Buffer.from(wireFrame(plainPacket))]);
  t.equal(io.unfinished[1], isFinished);
});

t.test('segments of several frames, until there is no room for more', async (t) => {
  const { io, finisher, put, frames } = scene();
  const seen: [number, number, Buffer[]][] = [];
  for (const size of [1448, 1000]) {
    put(0, large, size);
    t.ok(finisher.hasRoom(0));
    const count = finisher.finish(0);
    seen.push([finisher.first, count, segmentsOf(large, size).map((bytes) => Buffer.from(bytes))]);
  }
  for (const [first, count, wanted] of seen) t.same(frames(first, count), wanted);
  const starts = [...io.start.subarray(2, 2 + 51)];
  t.ok(starts.every((start, i) => i === 0 || start - (starts[i - 1] as number) >= headroom + 1066));
  t.notOk(finisher.hasRoom(0));
  t.equal(finisher.finish(0), 0);
  finisher.clear();
  t.equal(finisher.finish(0), 30);
  t.equal(finisher.first, 2);
});

t.test('what there is never room for', async (t) => {
  const { finisher, put } = scene();
  put(0, large, 400);
  t.equal(finisher.finish(0), 0, 'more segments than there are slots');
  put(0, { ...large, payload: new Uint8Array(60_000) }, 30_000);
  t.equal(finisher.finish(0), 2, 'long ones');
});
