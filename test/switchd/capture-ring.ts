/** The ring against a list of what went in: nothing is lost but what is counted, and nothing is changed. */
import t from 'tap';
import { type Captured, makeRing, RingReader, RingWriter } from '../../src/switchd/capture-ring.js';
import { randomNumbers } from '../support/random.js';

t.test('a frame and what is known of it', async (t) => {
  const memory = makeRing(4, 1024);
  const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
  t.equal(reader.read(), undefined);
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
  writer.write(3, true, 1.5e15, bytes, 10, 61);
  writer.write(0, false, 2, bytes, 0, 1);
  t.same(reader.read(), { port: 3, out: true, time: 1.5e15, length: 61, bytes: bytes.slice(10, 71) });
  t.same(reader.read(), { port: 0, out: false, time: 2, length: 1, bytes: bytes.slice(0, 1) });
  t.equal(reader.read(), undefined);
  t.same(reader.losers(), []);
});

t.test('what has no room is counted by port', async (t) => {
  const memory = makeRing(4, 1024);
  const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
  for (let i = 0; i < 10; i += 1) writer.write(i % 2 === 0 ? 1 : 2, false, i, new Uint8Array(200), 0, 200);
  t.same([reader.lostAt(0), reader.lostAt(1), reader.lostAt(2)], [0, 3, 3]);
  t.same(reader.losers(), [1, 2]);
  for (let i = 0; i < 4; i += 1) t.equal(reader.read()?.time, i);
  writer.write(1, false, 99, new Uint8Array(2000), 0, 2000);
  t.equal(reader.lostAt(1), 4, 'longer than the ring');
  writer.write(1, false, 100, new Uint8Array(10), 0, 10);
  t.equal(reader.read()?.time, 100, 'there is room again');
});

t.test('100,000 frames of random lengths, from just before its positions begin anew', async (t) => {
  const memory = makeRing(1, 4096);
  memory.positions.fill(-4096);
  const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
  const random = randomNumbers(5);
  const bytes = Uint8Array.from({ length: 3000 }, (_, i) => i * 7);
  const inside: Pick<Captured, 'time' | 'length'>[] = [];
  let lost = 0;
  for (let time = 0; time < 100_000; time += 1) {
    const length = 1 + random(time % 3 === 0 ? 2000 : 60);
    writer.write(0, false, time, bytes, time % 256, length);
    if (reader.lostAt(0) > lost) lost = reader.lostAt(0);
    else inside.push({ time, length });
    for (let take = random(3); take > 0 && inside.length > 0; take -= 1) {
      const expected = inside.shift();
      const got = reader.read();
      const first = ((expected?.time ?? 0) % 256) * 7;
      const sound = got?.bytes.every((byte, i) => byte === ((first + i * 7) & 0xff)) === true;
      if (got?.time !== expected?.time || got?.length !== expected?.length || !sound) throw new Error(`frame ${time}`);
    }
  }
  t.ok(lost > 100 && lost < 90_000, `${lost} lost`);
});
