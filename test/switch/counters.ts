import t from 'tap';
import { Counters } from '../../src/switch/counters.js';
import { dropCode, dropReasons } from '../../src/switch/drop-reason.js';

t.test('each port counts for itself', async (t) => {
  const counters = new Counters(3);
  counters.received(1, 60);
  counters.received(1, 1514);
  counters.sent(1, 3, 200);
  counters.flooded(1);
  counters.notLearned(1);
  counters.moved(1);
  counters.dropped(1, dropCode['egress-full'], 4);
  counters.dropped(1, dropCode.locked);
  const { drops, ...traffic } = counters.of(1);
  t.same(traffic, { rxFrames: 2, rxBytes: 1574, txFrames: 3, txBytes: 200, floods: 1, notLearned: 1, moves: 1 });
  t.same(drops, { ...Object.fromEntries(dropReasons.map((reason) => [reason, 0])), 'egress-full': 4, locked: 1 });
  for (const other of [0, 2])
    t.equal(Math.max(...Object.values(counters.of(other).drops), counters.of(other).rxFrames), 0);
  t.same(new Counters(3, counters.memory).of(1), counters.of(1), 'another reads the same');
  counters.reset(1);
  t.same(counters.of(1), counters.of(0));
});

t.test('the first frame that is too long is told of, each way, once', async (t) => {
  const counters = new Counters(2);
  const told: [number, number][] = [];
  counters.notice = (port, reason) => told.push([port, reason]);
  const { 'too-long': long, 'egress-too-long': out, locked } = dropCode;
  for (let i = 0; i < 3; i += 1) for (const reason of [long, locked, out]) counters.dropped(1, reason, 2);
  const expected = [
    [1, long],
    [1, out],
  ];
  t.same(told, expected);
  counters.reset(1);
  counters.dropped(1, long);
  t.same(told, [...expected, [1, long]], 'another port of that number is told of again');
});
