import { readFileSync } from 'node:fs';
import t from 'tap';
import * as header from '../../../src/switch/qdes/header.js';
import { isVxlan, vxlanNetworkAt, writeVxlan } from '../../../src/switch/qdes/vxlan.js';
import { inProject } from '../../support/project.js';
import { randomNumbers } from '../../support/random.js';

const { headerSize, malformed } = header;

/** Bytes of docs/qdes.md by what is said of them: lines of `name: hex`, in blocks of their own. */
const fixtures = new Map(
  [...readFileSync(inProject('docs/qdes.md'), 'utf8').matchAll(/^ {4}([a-z][a-z0-9 -]*): ([0-9a-f ]+)$/gm)].map(
    ([, name = '', hex = '']) => [name, Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))],
  ),
);

function fixture(name: string): Uint8Array {
  const bytes = fixtures.get(name);
  if (bytes === undefined) throw new Error(`docs/qdes.md has no "${name}"`);
  return bytes;
}

const typeOf = (bytes: Uint8Array) => header.typeAt(bytes, 0, bytes.length - headerSize);

t.test('what docs/qdes.md shows', async (t) => {
  const types = { frame: 0, hello: 1, reply: 2, bye: 3 };
  for (const [name, type] of Object.entries(types)) {
    const bytes = fixture(name);
    t.equal(typeOf(bytes), type, name);
    t.equal(header.networkAt(bytes, 0), 4242, name);
    const [sender, written] = [header.senderAt(bytes, 0), new Uint8Array(headerSize + 3)];
    t.equal(sender >>> 0, name === 'reply' ? 0x0a0b0c0d : 0xc0ffee01);
    header.writeHeader(written, 3, type, 4242, sender);
    t.same(written.subarray(3), bytes.subarray(0, headerSize), name);
  }
  t.same(fixture('reply').subarray(headerSize), fixture('hello').subarray(headerSize));
  const stamp = new Uint8Array(9);
  header.writeStamp(stamp, 1, 0x12345678, 2 ** 32 - 256);
  t.same(stamp.subarray(1), fixture('hello').subarray(headerSize));
  t.equal(header.tokenAt(stamp, 1), 0x12345678);
  t.equal(header.ageAt(stamp, 1, 44), 300, 'across the end of the count');
  for (const name of fixtures.keys()) if (name.startsWith('refused')) t.equal(typeOf(fixture(name)), malformed, name);
  t.equal([...fixtures.keys()].filter((name) => name.startsWith('refused')).length, 7);
});

t.test('VXLAN', async (t) => {
  const bytes = fixture('vxlan');
  t.ok(isVxlan(bytes, 0, bytes.length - headerSize));
  t.equal(vxlanNetworkAt(bytes, 0), 0x123456);
  const written = new Uint8Array(headerSize + 1).fill(0xff);
  writeVxlan(written, 1, 0x123456);
  t.same(written.subarray(1), bytes.subarray(0, headerSize));
  t.notOk(isVxlan(bytes, 0, -1));
  t.notOk(isVxlan(Uint8Array.of(0x0c, ...bytes.subarray(1)), 0, 60), 'an extension');
  t.notOk(isVxlan(Uint8Array.of(0, ...bytes.subarray(1)), 0, 60));
});

t.test('a million random inputs: nothing thrown, and nothing taken but what is written so', async (t) => {
  const random = randomNumbers(4242);
  const bytes = new Uint8Array(64);
  const copy = new Uint8Array(64);
  let [wrong, taken] = [0, 0];
  for (let i = 0; i < 1_000_000; i += 1) {
    for (let at = 0; at < 24; at += 1) bytes[at] = random(256);
    // Most would fail at the first byte
    if (random(4) !== 0) bytes[8] = 0x10 | random(5);
    if (random(2) !== 0) bytes[9] = 0;
    const length = [random(20) - 1, 8, 0, 60][random(4)] as number;
    const type = header.typeAt(bytes, 8, length);
    vxlanNetworkAt(bytes, 8);
    isVxlan(bytes, 8, length);
    if (type === malformed) continue;
    taken += 1;
    header.writeHeader(copy, 8, type, header.networkAt(bytes, 8), header.senderAt(bytes, 8));
    for (let at = 8; at < 16; at += 1) if (copy[at] !== bytes[at]) wrong += 1;
    if (type !== header.frameType && length !== (type === header.byeType ? 0 : 8)) wrong += 1;
  }
  t.equal(wrong, 0);
  t.ok(taken > 100_000 && taken < 900_000);
});
