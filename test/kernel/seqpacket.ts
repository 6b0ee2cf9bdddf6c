import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import {
  type Accepted,
  accept,
  connectSeqpacket,
  listenSeqpacket,
  receive,
  send,
  socketPair,
  unsentBytes,
} from '../../src/kernel/seqpacket.js';
import {
  closeOnExec,
  flagsOf,
  nonBlocking,
  openFds,
  targetOf,
  untilOpenFds,
  withFdLimit,
  withFdsLeft,
} from '../support/descriptors.js';
import { temporaryFolder } from '../support/temporary.js';

const nothing = new Uint8Array();
const text = (words: string) => Buffer.from(words);

function pair(): [OwnedFd, OwnedFd] {
  return socketPair('seqpacket')._unsafeUnwrap();
}

function message(fd: number, maxFds: number) {
  const received = receive(fd, maxFds)._unsafeUnwrap();
  if (received.tag !== 'message') throw new Error(`${received.tag} came in place of a message`);
  return received;
}

/** A test that ends with as many descriptors as it began with. */
function leakFree(name: string, body: (t: Test) => void): void {
  t.test(name, async (t) => {
    const before = openFds();
    body(t);
    await untilOpenFds(before);
    t.equal(openFds(), before, 'no descriptor is left');
  });
}

leakFree('messages keep their borders', (t) => {
  const [one, other] = pair();
  using _one = one;
  using _other = other;
  t.same(receive(other.fd, 0)._unsafeUnwrap(), { tag: 'nothing' });
  for (const words of ['first', 'second\n', 'ä']) t.ok(send(one.fd, text(words), []).isOk());
  t.ok(unsentBytes(one.fd)._unsafeUnwrap() > 0);
  const first = message(other.fd, 0);
  t.same(message(other.fd, 0).bytes, text('second\n'));
  t.same(message(other.fd, 0).bytes, text('ä'));
  t.same(first, { tag: 'message', bytes: text('first'), truncated: false, hungUp: false, fds: [], surplus: 0 });
  t.equal(unsentBytes(one.fd)._unsafeUnwrap(), 0);
});

leakFree('the longest message is whole, a longer one is marked', (t) => {
  const [one, other] = pair();
  using _one = one;
  using _other = other;
  for (const [size, truncated] of [
    [1, false],
    [65_535, false],
    [65_536, false],
    [65_537, true],
    [100_000, true],
  ] as const) {
    const bytes = randomBytes(size);
    t.ok(send(one.fd, bytes, []).isOk());
    const received = message(other.fd, 0);
    t.equal(received.truncated, truncated, `${size} bytes`);
    if (!truncated) t.same(received.bytes, bytes);
    t.same(receive(other.fd, 0)._unsafeUnwrap(), { tag: 'nothing' }, 'the rest is gone');
  }
});

leakFree('descriptors are copied to the receiver, close-on-exec', (t) => {
  const [one, other] = pair();
  using _one = one;
  using _other = other;
  t.ok(send(one.fd, text('x'), [one.fd, 0]).isOk());
  const { fds } = message(other.fd, 2);
  t.equal(fds.length, 2);
  const [copy, input] = fds as [OwnedFd, OwnedFd];
  t.equal(targetOf(copy.fd), targetOf(one.fd));
  t.equal(targetOf(input.fd), targetOf(0));
  for (const fd of fds) {
    t.ok(flagsOf(fd.fd) & closeOnExec);
    fd.close();
  }
});

leakFree('surplus descriptors are closed and counted', (t) => {
  const [one, other] = pair();
  using _one = one;
  using _other = other;
  for (const [sent, most] of [
    [1, 0],
    [3, 1],
    [253, 1],
    [253, 253],
    [253, 1000],
  ] as const) {
    t.ok(send(one.fd, text('x'), Array(sent).fill(one.fd)).isOk());
    const { fds, surplus, truncated } = message(other.fd, most);
    t.equal(fds.length, Math.min(sent, most), `${sent} sent, ${most} wanted`);
    t.equal(surplus, sent - fds.length);
    t.notOk(truncated);
    for (const fd of fds) fd.close();
  }
  const refused = send(one.fd, text('x'), Array(254).fill(one.fd))._unsafeUnwrapErr();
  t.equal(refused.code, 'EINVAL', 'the kernel takes 253');
  t.equal(send(one.fd, text('x'), [9999])._unsafeUnwrapErr().code, 'EBADF');
});

leakFree('an empty message looks like the end, and its descriptors are closed', (t) => {
  const [one, other] = pair();
  using _other = other;
  t.ok(send(one.fd, nothing, []).isOk());
  t.same(receive(other.fd, 1)._unsafeUnwrap(), { tag: 'end', surplus: 0 });
  t.ok(send(one.fd, nothing, [0, 1]).isOk());
  t.same(receive(other.fd, 2)._unsafeUnwrap(), { tag: 'end', surplus: 2 });
  one.close();
  t.same(receive(other.fd, 1)._unsafeUnwrap(), { tag: 'end', surplus: 0 });
});

leakFree('a peer that is gone gives an error and no signal', (t) => {
  const [one, other] = pair();
  using _one = one;
  other.close();
  t.equal(send(one.fd, text('x'), [])._unsafeUnwrapErr().code, 'EPIPE');
  const [reader, writer] = pair();
  using _reader = reader;
  t.ok(send(reader.fd, text('unread'), []).isOk());
  writer.close();
  t.equal(receive(reader.fd, 0)._unsafeUnwrapErr().code, 'ECONNRESET', 'it closed without reading');
});

leakFree('a full queue and a wrong descriptor give errors', (t) => {
  const [one, other] = pair();
  using _one = one;
  using _other = other;
  let sent = send(one.fd, new Uint8Array(60_000), []);
  while (sent.isOk()) sent = send(one.fd, new Uint8Array(60_000), []);
  t.equal(sent.error.code, 'EAGAIN');
  t.match(receive(openFds() + 1000, 0)._unsafeUnwrapErr(), { tag: 'sys', call: 'recvmsg', code: 'EBADF' });
});

leakFree('descriptors that find no room here are cut off, and none is lost', (t) => {
  const [one, other] = pair();
  using _one = one;
  using _other = other;
  t.ok(send(one.fd, text('x'), [0, 0, 0]).isOk());
  withFdsLeft(1, () => {
    const { truncated, fds } = message(other.fd, 3);
    t.ok(truncated);
    t.equal(fds.length, 1);
    for (const fd of fds) fd.close();
  });
});

leakFree('too many unread descriptors of one user are refused', (t) => {
  const root = process.geteuid?.() === 0;
  // With CAP_SYS_RESOURCE there is no limit.
  if (root) process.seteuid?.(65_534);
  try {
    const [one, other] = pair();
    using _one = one;
    using _other = other;
    const sendMany = () => send(one.fd, text('x'), Array(253).fill(0));
    withFdLimitAs(root, 100, () => {
      t.ok(sendMany().isOk());
      t.equal(sendMany()._unsafeUnwrapErr().code, 'ETOOMANYREFS');
    });
  } finally {
    if (root) process.seteuid?.(0);
  }
});

/** The limit of another user's process is not ours to set. */
function withFdLimitAs(root: boolean, limit: number, body: () => void): void {
  const become = (uid: number) => root && process.seteuid?.(uid);
  become(0);
  withFdLimit(limit, () => {
    become(65_534);
    try {
      body();
    } finally {
      become(0);
    }
  });
}

t.test('accept', async (t) => {
  const before = openFds();
  const path = join(temporaryFolder(t), 's');
  const listener = listenSeqpacket(path, { mode: 0o600 })._unsafeUnwrap();
  t.equal(accept(listener.fd)._unsafeUnwrap(), undefined, 'nobody is there');
  const client = connectSeqpacket(path)._unsafeUnwrap();
  withFdsLeft(0, () => {
    t.equal(accept(listener.fd)._unsafeUnwrapErr().code, 'EMFILE');
    t.equal(accept(listener.fd)._unsafeUnwrapErr().code, 'EMFILE');
  });
  const { fd: server, peer } = accept(listener.fd)._unsafeUnwrap() as Accepted;
  t.same(peer, { pid: process.pid, uid: process.geteuid?.(), gid: process.getegid?.() }, 'the connection has waited');
  t.equal(flagsOf(server.fd) & (closeOnExec | nonBlocking), closeOnExec | nonBlocking);
  t.ok(send(client.fd, text('hello'), []).isOk());
  t.match(message(server.fd, 0), { bytes: text('hello'), hungUp: false });
  const brief = connectSeqpacket(path)._unsafeUnwrap();
  t.ok(send(brief.fd, text('bye'), []).isOk());
  brief.close();
  const { fd: gone } = accept(listener.fd)._unsafeUnwrap() as Accepted;
  t.match(message(gone.fd, 0), { bytes: text('bye'), hungUp: true });
  t.same(receive(gone.fd, 0)._unsafeUnwrap(), { tag: 'end', surplus: 0 });
  t.equal(accept(9999)._unsafeUnwrapErr().code, 'EBADF');
  for (const fd of [listener, client, server, gone]) fd.close();
  await untilOpenFds(before);
  t.equal(openFds(), before);
});

t.test('socketPair', async (t) => {
  for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
    const [one, other] = socketPair(type)._unsafeUnwrap();
    t.equal(flagsOf(one.fd) & (closeOnExec | nonBlocking), closeOnExec | nonBlocking);
    t.ok(send(one.fd, text('ab'), []).isOk());
    t.ok(send(one.fd, text('c'), []).isOk());
    t.same(message(other.fd, 0).bytes, text(type === 'stream' ? 'abc' : 'ab'));
    one.close();
    other.close();
  }
  withFdsLeft(1, () => t.equal(socketPair('stream')._unsafeUnwrapErr().code, 'EMFILE'));
});
