import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { native } from '../../src/kernel/native.js';
import {
  type Accepted,
  accept,
  connectSeqpacket,
  listenSeqpacket,
  ownFd,
  peerGroups,
  peerPidfd,
  peerProcess,
  socketPair,
} from '../../src/kernel/seqpacket.js';
import { closeOnExec, flagsOf, openFds, untilOpenFds } from '../support/descriptors.js';
import { temporaryFolder } from '../support/temporary.js';

const peerCredentials = (fd: number) =>
  peerProcess(fd).andThen((peer) => peerGroups(fd).map((groups) => ({ ...peer, groups })));
const self = { pid: process.pid, uid: process.geteuid?.(), gid: process.getegid?.() };
const root = self.uid === 0;
const onlyRoot = { skip: !root && 'not root: an ordinary user cannot take other users and groups' };

/** The process a pidfd is of (proc(5), fdinfo); -1 when it has ended. */
function pidOf(pidfd: number): number {
  return Number(/^Pid:\s*(-?\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'utf8'))?.[1]);
}

function credentialsNow() {
  const [one, other] = socketPair('seqpacket')._unsafeUnwrap();
  using _one = one;
  using _other = other;
  return peerCredentials(one.fd)._unsafeUnwrap();
}

t.test('the maker of a socketpair is the peer of both ends', async (t) => {
  for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
    const [one, other] = socketPair(type)._unsafeUnwrap();
    for (const end of [one, other]) t.same(peerProcess(end.fd)._unsafeUnwrap(), self);
    one.close();
    t.same(peerProcess(other.fd)._unsafeUnwrap(), self, 'also when the other end is gone');
    other.close();
  }
  // getgroups(2) tells the primary group too.
  const { gid, groups } = credentialsNow();
  t.same(new Set([gid, ...groups]), new Set(process.getgroups?.()));
});

t.test('groups, from none to a thousand', onlyRoot, async (t) => {
  const before = process.getgroups?.() ?? [];
  t.teardown(() => process.setgroups?.(before));
  for (const count of [0, 1, 63, 64, 65, 1000, 65_536]) {
    const groups = Array.from({ length: count }, (_, index) => 2 ** 32 - 2 - index);
    process.setgroups?.(groups);
    t.same(new Set(credentialsNow().groups), new Set(groups), `${count} groups`);
  }
});

t.test('ids are unsigned and need no account', onlyRoot, async (t) => {
  for (const id of [0, 65_534, 2 ** 31, 2 ** 32 - 2]) {
    process.setegid?.(id);
    process.seteuid?.(id);
    const { uid, gid } = credentialsNow();
    process.seteuid?.(0);
    process.setegid?.(0);
    t.same({ uid, gid }, { uid: id, gid: id });
  }
});

t.test('what has no peer, and what is no unix socket', async (t) => {
  const refuses = (fd: number, code: string) => {
    t.equal(peerProcess(fd)._unsafeUnwrapErr().code, code);
    t.equal(peerCredentials(fd)._unsafeUnwrapErr().code, code);
    t.ok(peerPidfd(fd).isErr());
    t.ok(native.peerPidfdByNumber(fd) < 0);
  };
  using alone = ownFd(native.openSeqpacket());
  refuses(alone.fd, 'ENOTCONN');
  const file = openSync('/dev/null', 'r');
  refuses(file, 'ENOTSOCK');
  closeSync(file);
  refuses(0x7fff_ffff, 'EBADF');
  const tcp = createServer().listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  refuses((tcp as unknown as { _handle: { fd: number } })._handle.fd, 'EAFNOSUPPORT');
  tcp.close();
});

const ways = [
  ['by the socket', (fd: number) => peerPidfd(fd)._unsafeUnwrap()],
  ['by number', (fd: number) => ownFd(native.peerPidfdByNumber(fd))],
] as const;

for (const [way, open] of ways) {
  t.test(`a pidfd of the peer, ${way}`, async (t) => {
    const before = openFds();
    const path = join(temporaryFolder(t), 's');
    using listener = listenSeqpacket(path, { mode: 0o600 })._unsafeUnwrap();
    const module = new URL('../../src/kernel/seqpacket.js', import.meta.url).href;
    const program = `import { connectSeqpacket } from ${JSON.stringify(module)};
      globalThis.socket = connectSeqpacket(${JSON.stringify(path)})._unsafeUnwrap();
      process.stdout.write('.');
      process.stdin.resume();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const { fd, peer } = accept(listener.fd)._unsafeUnwrap() as Accepted;
    using server = fd;
    t.same(peer, peerProcess(server.fd)._unsafeUnwrap());
    const { pid } = peer;
    t.equal(pid, child.pid);
    using pidfd = open(server.fd);
    t.equal(pidOf(pidfd.fd), pid);
    t.ok(flagsOf(pidfd.fd) & closeOnExec, 'close-on-exec');
    child.kill('SIGKILL');
    await once(child, 'close');
    t.equal(pidOf(pidfd.fd), -1);
    t.ok(native.peerPidfdByNumber(server.fd) < 0, 'its number is nobody or another');
    server.close();
    pidfd.close();
    listener.close();
    await untilOpenFds(before);
    t.equal(openFds(), before);
  });
}

t.test('by number a socket that has hung up tells of nobody', async (t) => {
  const [one, other] = socketPair('seqpacket')._unsafeUnwrap();
  const before = openFds();
  other.close();
  t.equal(native.peerPidfdByNumber(one.fd), -3, 'ESRCH');
  t.equal(openFds(), before - 1);
  one.close();
});

t.test('who listens is told to who connects', async (t) => {
  const path = join(temporaryFolder(t), 's');
  using listener = listenSeqpacket(path, { mode: 0o600 })._unsafeUnwrap();
  using client = connectSeqpacket(path)._unsafeUnwrap();
  t.same(peerProcess(client.fd)._unsafeUnwrap(), self);
  t.ok(listener.open);
});
