import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { closeLater, ownFd, ownFdLater, pendingCloses, startCloser } from '../../src/kernel/close.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { accept, connectSeqpacket, listenSeqpacket, receive, send, socketPair } from '../../src/kernel/seqpacket.js';
import { openFds, untilOpenFds } from '../support/descriptors.js';
import { brew, closersOf, until } from '../support/poison.js';
import { temporaryFolder } from '../support/temporary.js';

const ourUid = process.geteuid?.() ?? 0;
const [alice, bob] = [20_001, 20_002];

function pair(): [OwnedFd, OwnedFd] {
  return socketPair('seqpacket')._unsafeUnwrap();
}

function hasEnded(fd: OwnedFd): boolean {
  return receive(fd.fd, 0)._unsafeUnwrap().tag === 'end';
}

/** So many that each is given up in its turn, which takes a second and more. */
async function poisonOf(t: Test) {
  const poison = await brew(t, 'tcp', 30);
  if (typeof poison === 'string') throw new Error(poison);
  return poison;
}

t.test('at once, and once', async (t) => {
  const fd = ownFd(openSync('/dev/null', 'r'));
  const number = fd.fd;
  fd.close();
  fd.close();
  t.throws(() => closeSync(number), { code: 'EBADF' });
  t.doesNotThrow(() => ownFd(number).close(), 'an error has no one to go to');
});

t.test('without a closer it is left to the thread pool', async (t) => {
  const before = openFds();
  closeLater(openSync('/dev/null', 'r'));
  ownFdLater(openSync('/dev/null', 'r'), alice).close();
  t.equal(pendingCloses(), 0);
  t.equal(pendingCloses(alice), 0);
  await untilOpenFds(before);
  t.equal(closersOf().length, 0);
});

t.test('one user does not delay another, nor us', async (t) => {
  const before = openFds();
  const poison = await poisonOf(t);
  const closer = startCloser();
  for (const fd of poison.fds) closeLater(fd, alice);
  const pairs = [pair(), pair()] as const;
  ownFdLater(pairs[0][0].release(), bob).close();
  closeLater(pairs[1][0].release());
  await until(() => pairs.every(([, other]) => hasEnded(other)));
  t.ok(pendingCloses(alice) > 0);
  await until(() => pendingCloses(bob) === 0);
  t.ok(pendingCloses() > 0);
  await until(() => pendingCloses() === 0);
  for (const [, other] of pairs) other.close();
  await poison.letGo();
  await untilOpenFds(before);
  closer[Symbol.dispose]();
  await until(() => closersOf().length === 0);
});

t.test('uids of one account share a closer', async (t) => {
  const before = openFds();
  const subordinate = 100_000;
  const poison = await poisonOf(t);
  using _closer = startCloser((uid) => (uid === subordinate ? alice : uid));
  for (const fd of poison.fds) closeLater(fd, subordinate);
  t.ok(pendingCloses(alice) > 0);
  t.equal(pendingCloses(subordinate), pendingCloses(alice));
  t.equal(pendingCloses(bob), 0);
  await until(() => pendingCloses() === 0);
  await poison.letGo();
  await untilOpenFds(before);
});

t.test("what a message carries is closed on its sender's account", async (t) => {
  const poison = await poisonOf(t);
  using _closer = startCloser();
  const [one, other] = pair();
  t.ok(send(one.fd, Buffer.from('x'), poison.fds).isOk());
  for (const fd of poison.fds) closeLater(fd);
  await until(() => pendingCloses() === 0);
  const received = receive(other.fd, 1, ourUid)._unsafeUnwrap();
  if (received.tag !== 'message') throw new Error(received.tag);
  t.equal(received.surplus, poison.fds.length - 1);
  t.ok(pendingCloses(ourUid) > 0, 'the surplus');
  await until(() => pendingCloses() === 0);
  received.fds[0]?.close();
  t.equal(pendingCloses(ourUid), 1, 'the one wanted');
  await until(() => pendingCloses() === 0);
  t.ok(send(one.fd, new Uint8Array(), [one.fd, other.fd]).isOk());
  t.same(receive(other.fd, 2)._unsafeUnwrap(), { tag: 'end', surplus: 2 });
  await until(() => pendingCloses() === 0);
  one.close();
  t.ok(hasEnded(other), 'no copy is left');
  other.close();
  await poison.letGo();
});

t.test("a connection is its client's, with all that lies unread in it", async (t) => {
  const before = openFds();
  const poison = await poisonOf(t);
  using _closer = startCloser();
  const path = join(temporaryFolder(t), 's');
  const listener = listenSeqpacket(path, { mode: 0o600 })._unsafeUnwrap();
  const client = connectSeqpacket(path)._unsafeUnwrap();
  t.ok(send(client.fd, Buffer.from('x'), poison.fds).isOk());
  for (const fd of poison.fds) closeLater(fd);
  await until(() => pendingCloses() === 0);
  accept(listener.fd)._unsafeUnwrap()?.fd.close();
  t.equal(pendingCloses(ourUid), 1);
  await until(() => pendingCloses() === 0);
  for (const fd of [listener, client]) fd.close();
  await poison.letGo();
  await untilOpenFds(before);
});

t.test('a descriptor can come to be closed for another', async (t) => {
  const before = openFds();
  const closer = startCloser();
  const fd = ownFdLater(openSync('/dev/null', 'r'));
  fd.closeFor(alice);
  fd.close();
  t.same([pendingCloses(alice), pendingCloses()], [1, 1]);
  await untilOpenFds(before);
  closer[Symbol.dispose]();
  await until(() => closersOf().length === 0);
});
