/** Waiting: what has come, what hung up, by level and by edge, and being woken by another thread. */
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { ownFd } from '../../src/kernel/close.js';
import { native } from '../../src/kernel/native.js';
import { hungUp, Poller, readable, waker } from '../../src/kernel/poller.js';

function scene(t: Test) {
  const poller = Poller.open()._unsafeUnwrap();
  const ends = new Int32Array(2);
  native.socketPair('seqpacket', ends);
  const [one, other] = [ownFd(ends[0] as number), ownFd(ends[1] as number)];
  t.teardown(() => {
    for (const end of [one, other]) if (end.open) end.close();
    poller[Symbol.dispose]();
  });
  const wait = () => {
    const count = poller.wait(0);
    return Array.from({ length: count }, (_, i) => [poller.ready[2 * i], poller.ready[2 * i + 1]]);
  };
  return { poller, one, other, wait };
}

for (const edge of [false, true]) {
  t.test(edge ? 'by edge' : 'by level', async (t) => {
    const { poller, one, other, wait } = scene(t);
    t.ok(poller.add(other.fd, 77, edge).isOk());
    t.same(wait(), []);
    native.send(one.fd, Uint8Array.of(1), new Int32Array());
    t.same(wait(), [[77, readable]]);
    t.same(wait(), edge ? [] : [[77, readable]]);
    native.send(one.fd, Uint8Array.of(2), new Int32Array());
    t.same(wait(), [[77, readable]], 'more has come');
    one.close();
    t.same(wait(), [[77, readable | hungUp]]);
    poller.remove(other.fd);
    t.same(wait(), []);
  });
}

t.test('what cannot be waited for', async (t) => {
  const { poller } = scene(t);
  t.match(poller.add(9999, 1, false)._unsafeUnwrapErr(), { call: 'epoll_ctl', code: 'EBADF' });
});

t.test('another thread wakes', async (t) => {
  const { poller, wait } = scene(t);
  using wakes = waker.open()._unsafeUnwrap();
  poller.add(wakes.fd, 5, false)._unsafeUnwrap();
  const module = new URL('../../src/kernel/poller.js', import.meta.url);
  const thread = new Worker(`import('${module}').then(({ waker }) => waker.wake(${wakes.fd}))`, { eval: true });
  t.equal(poller.wait(60_000), 1);
  t.equal(poller.ready[0], 5);
  waker.drain(wakes.fd);
  t.same(wait(), []);
  await new Promise((resolve) => thread.once('exit', resolve));
});
