import t from 'tap';
import { LostPorts } from '../../src/broker/lost-ports.js';
import { name } from '../support/policy.js';

const lab = name('lab');

/** Of a clock that stands still unless it is put on. */
function withClock() {
  let now = 1000;
  const put = (milliseconds: number) => {
    now += milliseconds;
  };
  return { lost: new LostPorts(() => now), put };
}

t.test('tries are bounded, and begin anew when something has happened', async (t) => {
  const { lost, put } = withClock();
  t.equal(lost.wait, undefined);
  lost.add(lab, 'uplink');
  const waits: number[] = [];
  for (let { wait } = lost; wait !== undefined && waits.length < 50; { wait } = lost) {
    waits.push(wait);
    put(wait);
    t.equal(lost.due(9).length, 1);
    t.equal(lost.due(9).length, 0, 'not before its time');
  }
  t.same(waits, [0, 100, 200, 400, 800, 1600, 3200, 6400, 12_800]);
  lost.add(lab, 'uplink');
  t.equal(lost.wait, undefined, 'it is as lost as before');
  t.equal([...lost].length, 1);
  lost.hurry();
  t.equal(lost.due(9).length, 1);
  t.equal(lost.wait, 100);
});

t.test('one that ends as soon as it is made is not made for ever', async (t) => {
  const { lost, put } = withClock();
  const round = () => {
    lost.add(lab, 'uplink');
    const { wait } = lost;
    if (wait === undefined) return undefined;
    put(wait);
    lost.due(9);
    lost.made(lab, 'uplink');
    return wait;
  };
  t.same([round(), round(), round()], [0, 100, 200]);
  t.same([...lost], []);
  t.equal(lost.get(lab, 'uplink'), undefined);
  t.equal(lost.wait, undefined);
  put(20_000);
  t.equal(round(), 0, 'it has stood by now');
  for (let i = 0; i < 8; i += 1) round();
  t.equal(round(), undefined);
});

t.test('a few at a time, and none of a network that is forgotten', async (t) => {
  const { lost } = withClock();
  for (let n = 0; n < 100; n += 1) lost.add(name(`lab${n}`), 'uplink');
  t.equal(lost.due(64).length, 64);
  lost.forget(name('lab99'));
  t.equal(lost.due(64).length, 35);
  t.equal([...lost].length, 99);
});
