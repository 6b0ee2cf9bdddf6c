import t from 'tap';
import { FloodLimit } from '../../src/switch/flood-limit.js';

const passed = (limit: FloodLimit, now: number, tries: number) =>
  Array.from({ length: tries }, () => limit.take(0, now)).filter((taken) => taken).length;

t.test('a second’s worth at once, then as time passes', async (t) => {
  const limit = new FloodLimit(1);
  limit.set(0, 10, 5);
  t.equal(passed(limit, 5, 20), 10);
  t.equal(passed(limit, 5.25, 20), 2);
  t.equal(passed(limit, 5.5, 20), 3, 'parts add up');
  t.equal(passed(limit, 900, 20), 10, 'and no more than a second’s worth');
  t.equal(passed(limit, 899, 20), 0, 'a clock that goes back gives nothing');
});

t.test('one that counts as many', async (t) => {
  const limit = new FloodLimit(1);
  limit.set(0, 10, 0);
  t.ok(limit.take(0, 0, 4));
  t.ok(limit.take(0, 0, 4));
  t.notOk(limit.take(0, 0, 4), 'two are left');
  t.equal(passed(limit, 0, 5), 2, 'for small ones');
  t.notOk(limit.take(0, 0.5, 1000));
  t.ok(limit.take(0, 1, 1000), 'more than a second’s worth takes all there can be');
  t.equal(passed(limit, 1, 5), 0);
});

t.test('no limit', async (t) => {
  const limit = new FloodLimit(1);
  limit.set(0, Number.POSITIVE_INFINITY, 0);
  t.equal(passed(limit, 0, 10_000), 10_000);
  t.ok(limit.take(0, 0, 1408));
});
