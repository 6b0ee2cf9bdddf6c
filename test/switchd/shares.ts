import t from 'tap';
import { frameBatch } from '../../src/kernel/frame-io.js';
import { Shares } from '../../src/switchd/shares.js';

/** One go of a port whose frames become so many each; @returns how many it gets. */
function go(shares: Shares, port: number, now: number, segments: number): number {
  const count = shares.begin(port, now);
  for (let frame = 0; frame < count; frame += 1) shares.made(segments);
  shares.end(port, now);
  return count;
}

t.test('who sends what becomes very many gets few at once for a minute', async (t) => {
  const shares = new Shares();
  t.same([go(shares, 0, 0, 1), go(shares, 0, 0, 46), go(shares, 0, 0, 1408)], [frameBatch, frameBatch, frameBatch]);
  t.equal(go(shares, 0, 1, 1), 4);
  t.equal(go(shares, 1, 1, 1), frameBatch, 'others are not concerned');
  t.equal(go(shares, 0, 59, 1), 4);
  t.equal(go(shares, 0, 60, 1), frameBatch);
  go(shares, 0, 70, 1408);
  t.equal(go(shares, 0, 80, 1408), 4);
  t.equal(go(shares, 0, 135, 1), 4, 'from the last time on');
});

t.test('another port of its number is not concerned', async (t) => {
  const shares = new Shares();
  go(shares, 0, 0, 1408);
  shares.forget(0);
  t.equal(go(shares, 0, 1, 1), frameBatch);
});
