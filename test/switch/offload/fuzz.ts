/** A million hostile frames and headers: nothing is thrown, and nothing is written but where it may be. */
import t from 'tap';
import { isBad, isFinished, offloadOf, wantsChecksum } from '../../../src/switch/offload/check.js';
import { completeChecksum } from '../../../src/switch/offload/checksum.js';
import { SegmentSlots, segment } from '../../../src/switch/offload/segment.js';
import { vnetHeaderLength } from '../../../src/switch/offload/vnet-header.js';
import { offloadedFrame, randomPacket } from '../../support/offload-frames.js';
import { randomNumbers } from '../../support/random.js';

const random = randomNumbers(0xf022);
/** Valid ones, which are spoiled in a few places: what is random all over fails the first check. */
const samples = Array.from({ length: 500 }, () => offloadedFrame(randomPacket(random, 150), random(2) * random(60)));

const guard = 16;
const before = guard + vnetHeaderLength;
const input = new Uint8Array(1024);
const stride = 200;
const output = new Uint8Array(guard + 12 * stride + guard).fill(0xaa);
const into = new SegmentSlots(output, guard, stride, 12);

/** @returns the length of a frame that is in the input now, which is 0xaa in front and behind. */
function spoiledFrame(): number {
  const sample = samples[random(samples.length)] as Uint8Array;
  const length = Math.max(14, sample.length - vnetHeaderLength - (random(4) === 0 ? random(100) : 0));
  input.fill(0xaa, 0, guard);
  input.set(sample, guard);
  input.fill(0xaa, before + length, before + length + guard);
  const spoil = random(4);
  for (let i = 0; i < spoil; i += 1) {
    // The header and the start of the frame are what decides
    const at = guard + (random(2) === 0 ? random(vnetHeaderLength) : random(vnetHeaderLength + Math.min(length, 80)));
    input[at] = random(3) === 0 ? random(256) : (input[at] as number) ^ (1 << random(8));
  }
  return length;
}

function isWhole(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (bytes[at] !== 0xaa) return false;
  return true;
}

t.test('a million', async (t) => {
  const found = { bad: 0, finished: 0, checksums: 0, cut: 0, notCut: 0, segments: 0 };
  for (let step = 0; step < 1_000_000; step += 1) {
    const length = spoiledFrame();
    const verdict = offloadOf(input, guard, before, length);
    // Whatever was said of it, as if nobody had asked
    const count = segment(input, guard, before, length, into);
    if (count > 0) {
      found.segments += count;
      output.fill(0xaa, guard, guard + count * stride);
    }
    if (verdict === isBad) found.bad += 1;
    else if (verdict === isFinished) found.finished += 1;
    else if (verdict === wantsChecksum) {
      found.checksums += 1;
      const [addresses, type] = [input.slice(before, before + 12), input.slice(before + 12, before + 18)];
      completeChecksum(input, guard, before, length);
      const same = addresses.every((byte, i) => byte === input[before + i]);
      if (!same || !type.every((byte, i) => byte === input[before + 12 + i])) t.fail(`step ${step}: another header`);
    } else if (count > 0) found.cut += 1;
    else found.notCut += 1;
    const guards = isWhole(input, 0, guard) && isWhole(input, before + length, before + length + guard);
    if (!guards || !isWhole(output, 0, guard) || !isWhole(output, output.length - guard, output.length))
      t.fail(`step ${step}: written outside`);
    if (step % 1000 === 0 && !isWhole(output, 0, output.length)) t.fail(`step ${step}: written where nothing is`);
  }
  for (const [name, count] of Object.entries(found)) t.ok(count > 1000, `${name}: ${count}`);
});
