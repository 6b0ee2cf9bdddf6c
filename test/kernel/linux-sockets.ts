/** The real kernel's UDP and TCP sockets, between loopback addresses of a namespace of our own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { constants, readSync, writeSync } from 'node:fs';
import { createServer, type Server, Socket } from 'node:net';
import { release } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import type { Endpoint } from '../../src/core/config.js';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import { native } from '../../src/kernel/native.js';
import { ownFd, send } from '../../src/kernel/seqpacket.js';
import { closeOnExec, flagsOf, openFds } from '../support/descriptors.js';
import { ipLink } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';

inPrivateNamespace();
// What is sent to 192.0.2.0/24 is never answered
sh('ip link add hole type veth peer name far; ip link set hole up; ip link set far up');
sh('ip address add 192.0.2.1/24 dev hole');
sh('ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev hole nud permanent');

function at(text: string): Endpoint {
  const [, address = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? [];
  return { address, port: Number(port) };
}

const { O_NONBLOCK } = constants;
const long = 60_000;
const sockets = new LinuxSockets();
const before = openFds();
t.teardown(() => sockets[Symbol.dispose]());

async function listening(host: string, port: number, backlog?: number): Promise<Server> {
  const server = createServer();
  server.listen({ host, port, ...(backlog === undefined ? {} : { backlog }) });
  await once(server, 'listening');
  return server;
}

t.test('what fits the way to an address', async (t) => {
  const hole = ipLink('hole').ifindex as number;
  const mtu = (address: string, ifindex = hole) => sockets.pathMtu(address, ifindex)._unsafeUnwrap();
  t.equal(mtu('192.0.2.7'), 1500, "the interface's");
  t.equal(mtu('239.1.2.3'), 1500);
  sh('ip route add 192.0.2.8/32 dev hole mtu 1400; ip route add 239.1.2.0/24 dev hole mtu 1300');
  t.equal(mtu('192.0.2.8'), 1400, "the route's");
  t.equal(mtu('239.1.2.3'), 1300);
  sh('ip address add 2001:db8::1/64 dev hole nodad; ip route add 2001:db8:1::/64 via 2001:db8::7 dev hole mtu 1290');
  t.same([mtu('2001:db8::8'), mtu('2001:db8:1::8')], [1500, 1290]);
  t.equal(mtu('2001:db8:2::1'), undefined, 'no route leads there');
  t.equal(sockets.pathMtu('192.0.2.7', 999)._unsafeUnwrapErr().code, 'ENODEV');
  t.same(openFds(), before);
});

for (const [host, local, remote] of [
  ['127.0.0.1', '127.0.0.1:7001', '127.0.0.1:7002'],
  ['::1', '[::1]:7001', '[::1]:7002'],
] as const) {
  t.test(`UDP ${host}: frames to the far end and back, and from nobody else`, async (t) => {
    const peer = createSocket(host.includes(':') ? 'udp6' : 'udp4').bind(7002, host);
    const stranger = createSocket(host.includes(':') ? 'udp6' : 'udp4').bind(7003, host);
    t.teardown(() => Promise.all([peer.close(), stranger.close()]));
    await Promise.all([once(peer, 'listening'), once(stranger, 'listening')]);
    using socket = sockets.openUdp(at(local), at(remote))._unsafeUnwrap();
    t.equal(flagsOf(socket.fd) & O_NONBLOCK, 0, 'reading waits');
    t.not(flagsOf(socket.fd) & closeOnExec, 0);
    writeSync(socket.fd, 'a frame');
    const [told, from] = await once(peer, 'message');
    t.same([String(told), from.port], ['a frame', 7001]);
    await new Promise((sent) => stranger.send('not for you', 7001, host, sent));
    await new Promise((sent) => peer.send('an answer', 7001, host, sent));
    const bytes = Buffer.alloc(100);
    t.equal(bytes.toString('utf8', 0, readSync(socket.fd, bytes)), 'an answer');
  });

  t.test(`TCP ${host}: connects, and is listened to`, async (t) => {
    const server = await listening(host, 7010);
    t.teardown(() => server.close());
    const accepted = once(server, 'connection');
    using socket = (await sockets.connectTcp(at(remote.replace('7002', '7010')), long))._unsafeUnwrap();
    t.equal(flagsOf(socket.fd) & O_NONBLOCK, 0, 'reading waits');
    t.not(flagsOf(socket.fd) & closeOnExec, 0);
    const [peer] = (await accepted) as [Socket];
    writeSync(socket.fd, 'hello');
    t.equal(String((await once(peer, 'data'))[0]), 'hello');
    peer.destroy();

    using listener = sockets.listenTcp(at(local))._unsafeUnwrap();
    t.equal(flagsOf(listener.fd) & O_NONBLOCK, 0);
    t.not(flagsOf(listener.fd) & closeOnExec, 0);
    const client = new Socket().connect(7001, host);
    await once(client, 'connect');
    client.destroy();
  });
}

t.test('what cannot be had, and nothing is left of it', async (t) => {
  const before = openFds();
  const [local, remote] = [at('127.0.0.1:7001'), at('127.0.0.1:7002')];
  const first = sockets.openUdp(local, remote)._unsafeUnwrap();
  t.match(sockets.openUdp(local, remote)._unsafeUnwrapErr(), { call: 'bind', code: 'EADDRINUSE' });
  first.close();
  const listener = sockets.listenTcp(local)._unsafeUnwrap();
  t.match(sockets.listenTcp(local)._unsafeUnwrapErr(), { code: 'EADDRINUSE' });
  t.match(await sockets.connectTcp(remote, long), { error: { call: 'connect', code: 'ECONNREFUSED' } });
  listener.close();
  t.match(sockets.openUdp(at('198.51.100.1:1'), remote)._unsafeUnwrapErr(), { call: 'bind', code: 'EADDRNOTAVAIL' });
  t.match(sockets.listenTcp(at('198.51.100.1:1'))._unsafeUnwrapErr(), { call: 'bind', code: 'EADDRNOTAVAIL' });
  const far = at('198.51.100.1:7002');
  t.match(sockets.openUdp(at('0.0.0.0:7001'), far)._unsafeUnwrapErr(), { call: 'connect', code: 'ENETUNREACH' });
  t.match(await sockets.connectTcp(far, long), { error: { call: 'connect', code: 'ENETUNREACH' } });
  t.match(sockets.openUdp({ address: 'far', port: 1 }, remote)._unsafeUnwrapErr(), { call: 'socket', code: 'EINVAL' });
  t.equal(openFds(), before);
});

t.test('a far end that does not answer is given up, and others are served meanwhile', async (t) => {
  const before = openFds();
  let turns = 0;
  const silent = sockets.connectTcp(at('192.0.2.9:7001'), 200);
  const counting = setInterval(() => turns++, 1);
  t.match(await silent, { error: { call: 'connect', code: 'ETIMEDOUT' } });
  clearInterval(counting);
  t.ok(turns > 0);
  t.equal(openFds(), before);
});

t.test('a listener whose queue is full answers later, or not in time', async (t) => {
  const listener = sockets.listenTcp(at('127.0.0.1:7001'))._unsafeUnwrap();
  const opened = [];
  for (;;) {
    const one = await sockets.connectTcp(at('127.0.0.1:7001'), 200);
    if (one.isErr()) {
      t.equal(one.error.code, 'ETIMEDOUT');
      break;
    }
    opened.push(one.value);
  }
  t.ok(opened.length > 0 && opened.length < 5, `${opened.length} have room`);
  for (const fd of [...opened, listener]) fd.close();
});

t.test('a port whose connections have ended is listened on again', async (t) => {
  for (const _time of [1, 2]) {
    using listener = sockets.listenTcp(at('127.0.0.1:7020'))._unsafeUnwrap();
    using client = (await sockets.connectTcp(at('127.0.0.1:7020'), long))._unsafeUnwrap();
    t.ok(listener.open && client.open);
  }
});

t.test('the end of a process is told once', async (t) => {
  const [gone, told, forgotten] = [sleeper(t), sleeper(t), sleeper(t)];
  gone.kill();
  await once(gone, 'exit');
  // Its number is free by now
  t.equal(native.errnoName(-native.pidfdOpen(gone.pid ?? 0)), 'ESRCH');
  let ends = 0;
  const before = openFds();
  const follow = (child: ChildProcess) =>
    sockets.whenEnded(ownFd(native.pidfdOpen(child.pid ?? 0)), () => ends++)._unsafeUnwrap();
  follow(told);
  const other = follow(forgotten);
  other[Symbol.dispose]();
  other[Symbol.dispose]();
  for (const child of [forgotten, told]) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  while (ends === 0) await nextTurn();
  await nextTurn();
  t.equal(ends, 1);
  t.equal(openFds(), before, 'no pidfd is left');
});

function sleeper(t: { teardown(end: () => unknown): void }): ChildProcess {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

t.test('a pair for a guest and the switch', async (t) => {
  for (const type of ['seqpacket', 'stream'] as const) {
    const [theirs, ours] = sockets.pair(type, 1 << 20)._unsafeUnwrap();
    t.equal(flagsOf(theirs.fd) & O_NONBLOCK, 0);
    t.equal(flagsOf(ours.fd) & O_NONBLOCK, O_NONBLOCK);
    for (const fd of [theirs.fd, ours.fd]) t.equal(flagsOf(fd) & closeOnExec, closeOnExec);
    t.equal(send(theirs.fd, Buffer.from('frame'), []).isOk(), true);
    const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(release())?.map(Number) ?? [];
    const refuses = major > 6 || (major === 6 && minor >= 16);
    const sent = send(theirs.fd, Buffer.from('frame'), [theirs.fd]);
    t.equal(sent.isErr() && sent.error.code, refuses && 'EPERM', 'descriptors');
    t.equal(send(ours.fd, Buffer.from('frame'), [theirs.fd]).isOk(), true, 'they go the other way');
    theirs.close();
    ours.close();
  }
});
