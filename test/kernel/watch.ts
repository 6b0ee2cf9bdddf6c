import { closeSync, openSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { receive, send, socketPair } from '../../src/kernel/seqpacket.js';
import { type Events, Watch } from '../../src/kernel/watch.js';
import { openFds, withFdsLeft } from '../support/descriptors.js';

const byte = Buffer.from('x');
const nothing: Events = { readable: false, writable: false, hangup: false, error: false };

function pair(): [OwnedFd, OwnedFd] {
  return socketPair('seqpacket')._unsafeUnwrap();
}

function closeAll(...pairs: readonly (readonly OwnedFd[])[]): void {
  for (const fd of pairs.flat()) fd.close();
}

/** The loop polls once in a turn. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn();
}

t.test('tells what is ready, again and again until it is dealt with', async (t) => {
  using watch = new Watch();
  const [one, other] = pair();
  const told: Events[] = [];
  t.ok(watch.add(one.fd, { read: true }, (events) => told.push(events)).isOk());
  await turns(2);
  t.same(told, []);
  send(other.fd, byte, [])._unsafeUnwrap();
  t.same(told, [], 'not within a call');
  while (told.length < 3) await nextTurn();
  t.same(told[0], { ...nothing, readable: true });
  receive(one.fd, 0)._unsafeUnwrap();
  told.length = 0;
  await turns(2);
  t.same(told, []);
  t.ok(watch.change(one.fd, { read: true, write: true }).isOk());
  while (told.length === 0) await nextTurn();
  t.same(told[0], { ...nothing, writable: true });
  t.ok(watch.change(one.fd, { read: true }).isOk());
  other.close();
  told.length = 0;
  while (told.length === 0) await nextTurn();
  t.same(told[0], { ...nothing, readable: true, hangup: true });
  watch.remove(one.fd);
  told.length = 0;
  await turns(2);
  t.same(told, []);
  one.close();
});

t.test('no interest is a pause, but not of a hangup', async (t) => {
  using watch = new Watch();
  const [one, other] = pair();
  const told: Events[] = [];
  t.ok(watch.add(one.fd, {}, (events) => told.push(events)).isOk());
  send(other.fd, byte, [])._unsafeUnwrap();
  await turns(3);
  t.same(told, []);
  other.close();
  while (told.length === 0) await nextTurn();
  t.same(told[0], { ...nothing, hangup: true });
  watch.remove(one.fd);
  closeAll([one]);
});

t.test('an error is told', async (t) => {
  using watch = new Watch();
  const [one, other] = socketPair('stream')._unsafeUnwrap();
  send(one.fd, byte, [])._unsafeUnwrap();
  const told: Events[] = [];
  t.ok(watch.add(one.fd, {}, (events) => told.push(events)).isOk());
  other.close();
  while (told.length === 0) await nextTurn();
  t.same(told[0], { ...nothing, hangup: true, error: true }, 'closed without reading what was sent');
  watch.remove(one.fd);
  closeAll([one]);
});

t.test('what cannot be watched', async (t) => {
  using watch = new Watch();
  const [one, other] = pair();
  const ignore = () => undefined;
  t.match(watch.add(0x7fff_ffff, { read: true }, ignore)._unsafeUnwrapErr(), { call: 'EPOLL_CTL_ADD', code: 'EBADF' });
  t.ok(watch.add(one.fd, { read: true }, ignore).isOk());
  t.equal(watch.add(one.fd, { read: true }, ignore)._unsafeUnwrapErr().code, 'EEXIST');
  t.equal(watch.change(other.fd, {})._unsafeUnwrapErr().code, 'ENOENT');
  t.doesNotThrow(() => watch.remove(other.fd));
  const file = openSync('/proc/self/exe', 'r');
  t.equal(watch.add(file, { read: true }, ignore)._unsafeUnwrapErr().code, 'EPERM');
  closeSync(file);
  closeAll([one, other]);
});

t.test('all are told in turn, 64 at most in one', async (t) => {
  using watch = new Watch();
  const pairs = Array.from({ length: 200 }, pair);
  const told = new Map<number, number>();
  let inTurn = 0;
  let most = 0;
  for (const [one, other] of pairs) {
    send(other.fd, byte, [])._unsafeUnwrap();
    const count = () => {
      told.set(one.fd, (told.get(one.fd) ?? 0) + 1);
      inTurn++;
    };
    t.ok(watch.add(one.fd, { read: true }, count).isOk());
  }
  for (let turn = 0; turn < 25; turn++) {
    inTurn = 0;
    await nextTurn();
    most = Math.max(most, inTurn);
  }
  t.equal(most, 64);
  t.equal(told.size, 200);
  const counts = [...told.values()];
  t.ok(Math.max(...counts) - Math.min(...counts) <= 1, 'nobody is told twice before all were told once');
  watch.close();
  closeAll(...pairs);
});

t.test('what a callback removes is not told in the same turn', async (t) => {
  using watch = new Watch();
  const pairs = Array.from({ length: 10 }, pair);
  let told = 0;
  for (const [one, other] of pairs) {
    send(other.fd, byte, [])._unsafeUnwrap();
    const removeAll = () => {
      told++;
      for (const [each] of pairs) watch.remove(each.fd);
    };
    watch.add(one.fd, { read: true }, removeAll)._unsafeUnwrap();
  }
  await turns(3);
  t.equal(told, 1);
  closeAll(...pairs);
});

t.test("an event is not told to its number's next owner", async (t) => {
  using watch = new Watch();
  const pairs = [pair(), pair()];
  const stale: Events[] = [];
  const replaced: OwnedFd[] = [];
  for (const [index, [one, other]] of pairs.entries()) {
    send(other.fd, byte, [])._unsafeUnwrap();
    const replaceOther = () => {
      const [victim] = pairs[1 - index] as [OwnedFd, OwnedFd];
      const number = victim.fd;
      for (const [each] of pairs) watch.remove(each.fd);
      victim.close();
      // The kernel gives the lowest free number: soon this one.
      while (!replaced.some(({ fd }) => fd === number)) replaced.push(...pair());
      watch.add(number, { read: true }, (events) => stale.push(events))._unsafeUnwrap();
    };
    watch.add(one.fd, { read: true }, replaceOther)._unsafeUnwrap();
  }
  await turns(3);
  t.ok(replaced.length >= 2);
  t.same(stale, []);
  for (const { fd } of replaced) send(fd, byte, [])._unsafeUnwrap();
  while (stale.length === 0) await nextTurn();
  t.same(stale[0], { ...nothing, readable: true });
  watch.close();
  closeAll(...pairs, replaced);
});

t.test('closing within a callback, twice, and without a callback ever called', async (t) => {
  await turns(3);
  const before = openFds();
  const watch = new Watch();
  const pairs = Array.from({ length: 3 }, pair);
  let told = 0;
  for (const [one, other] of pairs) {
    send(other.fd, byte, [])._unsafeUnwrap();
    const close = () => {
      told++;
      watch.close();
      watch.close();
    };
    watch.add(one.fd, { read: true }, close)._unsafeUnwrap();
  }
  await turns(3);
  t.equal(told, 1);
  t.doesNotThrow(() => {
    watch.remove(pairs[0]?.[0].fd as number);
    watch.ref();
    watch.unref();
  });
  t.throws(() => watch.add(0, {}, () => undefined), /used after it was closed/);
  closeAll(...pairs);
  new Watch().close();
  while (openFds() > before) await nextTurn();
  t.equal(openFds(), before);
});

t.test('no descriptor left for a watch', async (t) => {
  withFdsLeft(0, () => t.throws(() => new Watch(), /epoll_create1: EMFILE/));
});
