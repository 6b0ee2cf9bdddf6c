import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { native } from '../../src/kernel/native.js';
import {
  accept,
  adoptListener,
  boundPath,
  connectSeqpacket,
  connectStream,
  listenSeqpacket,
  ownFd,
  receive,
  socketPair,
} from '../../src/kernel/seqpacket.js';
import { readableBefore } from '../../src/kernel/wait.js';
import { closeOnExec, flagsOf, nonBlocking, openFds, untilOpenFds } from '../support/descriptors.js';
import { temporaryFolder } from '../support/temporary.js';

t.test('mode and group are as asked for, whatever the umask', async (t) => {
  const folder = temporaryFolder(t);
  const root = process.geteuid?.() === 0;
  const gid = root ? 4242 : (process.getgroups?.() ?? []).find((group) => group !== process.getegid?.());
  for (const umask of [0o777, 0o022, 0]) {
    for (const mode of [0o600, 0o660, 0o666]) {
      const path = join(folder, `s-${umask}-${mode}`);
      const before = process.umask(umask);
      const listener = listenSeqpacket(path, gid === undefined ? { mode } : { mode, gid })._unsafeUnwrap();
      process.umask(before);
      const { mode: got, gid: group } = statSync(path);
      t.equal(got & 0o7777, mode, `umask ${umask.toString(8)}`);
      if (gid !== undefined) t.equal(group, gid);
      t.equal(flagsOf(listener.fd) & (closeOnExec | nonBlocking), closeOnExec | nonBlocking);
      listener.close();
    }
  }
});

t.test('nobody connects to a socket that is bound and does not listen yet', async (t) => {
  const path = join(temporaryFolder(t), 's');
  using socket = ownFd(native.openSeqpacket());
  t.equal(native.bindPath(socket.fd, path), 0);
  t.equal(connectSeqpacket(path)._unsafeUnwrapErr().code, 'ECONNREFUSED');
});

t.test('what is in the way is replaced', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 's');
  listenSeqpacket(path, { mode: 0o600 })._unsafeUnwrap().close();
  t.equal(connectSeqpacket(path)._unsafeUnwrapErr().code, 'ECONNREFUSED', 'a stale file');
  using listener = listenSeqpacket(path, { mode: 0o600 })._unsafeUnwrap();
  using client = connectSeqpacket(path)._unsafeUnwrap();
  using server = accept(listener.fd)._unsafeUnwrap()?.fd;
  t.ok(client.open && server?.open);
  t.same(readdirSync(folder), ['s']);
  t.match(boundPath(listener.fd), new RegExp(`^${path}\\.[0-9a-f]{12}$`));
  t.equal(boundPath(client.fd), '');
  const open = openFds();
  server?.close();
  await untilOpenFds(open - 1);
});

t.test('a failure leaves nothing', async (t) => {
  const folder = temporaryFolder(t);
  const before = openFds();
  mkdirSync(join(folder, 'directory'));
  const path = join(folder, 'directory');
  t.match(listenSeqpacket(path, { mode: 0o600 })._unsafeUnwrapErr(), { call: 'rename', code: 'EISDIR', detail: path });
  const absent = join(folder, 'absent', 's');
  t.match(listenSeqpacket(absent, { mode: 0o600 })._unsafeUnwrapErr(), {
    call: 'bind',
    code: 'ENOENT',
    detail: absent,
  });
  t.same(readdirSync(folder), ['directory']);
  t.equal(openFds(), before);
});

t.test('a group that may not be given', { skip: process.geteuid?.() === 0 && 'root may give any group' }, async (t) => {
  const folder = temporaryFolder(t);
  const error = listenSeqpacket(join(folder, 's'), { mode: 0o660, gid: 4242 })._unsafeUnwrapErr();
  t.match(error, { call: 'chown', code: 'EPERM' });
  t.same(readdirSync(folder), []);
});

t.test('a path longer than a socket address is refused, never shortened', async (t) => {
  const folder = temporaryFolder(t);
  const pathOf = (length: number) => join(folder, 'x'.repeat(length - folder.length - 1));
  using longest = listenSeqpacket(pathOf(94), { mode: 0o600 })._unsafeUnwrap();
  using client = connectSeqpacket(pathOf(94))._unsafeUnwrap();
  t.ok(longest.open && client.open);
  const error = listenSeqpacket(pathOf(95), { mode: 0o600 })._unsafeUnwrapErr();
  t.match(error, { code: 'ENAMETOOLONG', errno: 36, detail: /has 95 bytes and may have 94: / });
  t.equal(connectSeqpacket(pathOf(107))._unsafeUnwrapErr().code, 'ENOENT');
  t.equal(connectSeqpacket(pathOf(108))._unsafeUnwrapErr().code, 'ENAMETOOLONG');
  t.equal(connectSeqpacket('')._unsafeUnwrapErr().code, 'EINVAL', 'an empty one would be an abstract name');
  t.equal(readdirSync(folder).length, 1);
});

t.test('a full backlog and what is no socket refuse at once', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 's');
  using listener = listenSeqpacket(path, { mode: 0o600, backlog: 1 })._unsafeUnwrap();
  const clients = [connectSeqpacket(path), connectSeqpacket(path), connectSeqpacket(path)];
  t.equal(clients.pop()?._unsafeUnwrapErr().code, 'EAGAIN');
  for (const client of clients) client._unsafeUnwrap().close();
  t.ok(listener.open);
  writeFileSync(join(folder, 'file'), '');
  t.equal(connectSeqpacket(join(folder, 'file'))._unsafeUnwrapErr().code, 'ECONNREFUSED');
});

async function serverAt(t: Test, address: string | number): Promise<number> {
  const server = createServer();
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => server.listen(address, resolve));
  return (server as unknown as { _handle: { fd: number } })._handle.fd;
}

t.test('adopting a listener', async (t) => {
  const folder = temporaryFolder(t);
  const refuses = (fd: number, code: string) => {
    t.match(adoptListener(fd)._unsafeUnwrapErr(), { code, detail: /must be a listening unix SOCK_SEQPACKET socket/ });
  };
  refuses(await serverAt(t, 0), 'EAFNOSUPPORT');
  refuses(await serverAt(t, join(folder, 'stream')), 'EPROTOTYPE');
  refuses(0x7fff_ffff, 'EBADF');
  const [one, other] = socketPair('seqpacket')._unsafeUnwrap();
  refuses(one.fd, 'EINVAL');
  one.close();
  other.close();

  const path = join(folder, 's');
  const handedOver = ownFd(native.openSeqpacket());
  t.equal(native.bindPath(handedOver.fd, path), 0);
  t.equal(native.listen(handedOver.fd, 8), 0);
  t.equal(native.keepOnExec(handedOver.fd), 0);
  t.notOk(flagsOf(handedOver.fd) & closeOnExec);
  using listener = adoptListener(handedOver.release())._unsafeUnwrap();
  t.equal(flagsOf(listener.fd) & (closeOnExec | nonBlocking), closeOnExec | nonBlocking);
  t.equal(boundPath(listener.fd), path);
  t.equal(boundPath(0), '', 'no socket');
  using client = connectSeqpacket(path)._unsafeUnwrap();
  using server = accept(listener.fd)._unsafeUnwrap()?.fd;
  t.ok(client.open && server?.open);
});

t.test('sockets of other programs are streams', async (t) => {
  const path = join(temporaryFolder(t), 'stream');
  t.match(connectStream(path)._unsafeUnwrapErr(), { code: 'ENOENT', detail: path });
  const server = createServer((socket) => socket.end('hello'));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.equal(connectSeqpacket(path)._unsafeUnwrapErr().code, 'EPROTOTYPE');
  using client = connectStream(path)._unsafeUnwrap();
  t.equal(flagsOf(client.fd) & (closeOnExec | nonBlocking), closeOnExec | nonBlocking);
  t.ok(await readableBefore(client.fd, performance.now() + 5000));
  t.match(receive(client.fd, 0)._unsafeUnwrap(), { tag: 'message', bytes: Buffer.from('hello') });
  client.close();
  server.close();
});
