/** Sockets of multicast groups on the real kernel: what they get and where they send, with programs of other namespaces. */
import { createSocket, type Socket } from 'node:dgram';
import { constants } from 'node:fs';
import t, { type Test } from 'tap';
import type { Endpoint } from '../../src/core/config.js';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import { DatagramPeer } from '../support/datagram-peer.js';
import { closeOnExec, flagsOf, openFds } from '../support/descriptors.js';
import { FarEnd } from '../support/far-end.js';
import { ipLink } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const [far, third] = [await FarEnd.make(t), await FarEnd.make(t)];
far.addWire('wire0', 0);
third.addWire('wire1', 1);
const sockets = new LinuxSockets();
t.teardown(() => sockets[Symbol.dispose]());
const [wire0, wire1] = ['wire0', 'wire1'].map((name) => ipLink(name).ifindex as number) as [number, number];
const port = 5000;

interface Options {
  readonly ifindex?: number;
  readonly ttl?: number;
  readonly loop?: boolean;
}

/** The bare socket, with Node's way of using a socket that it did not make. */
function member(t: Test, group: Endpoint, { ifindex = wire0, ttl = 1, loop = false }: Options = {}) {
  const opened = sockets.openMulticast({ group, ifindex, ttl, loop })._unsafeUnwrap();
  t.equal(flagsOf(opened.fd) & constants.O_NONBLOCK, 0, 'reading waits');
  t.not(flagsOf(opened.fd) & closeOnExec, 0);
  const socket = createSocket(group.address.includes(':') ? 'udp6' : 'udp4').bind({ fd: opened.release() });
  const got: string[] = [];
  socket.on('message', (bytes) => got.push(String(bytes)));
  t.teardown(() => new Promise<void>((closed) => socket.close(closed)));
  return { socket, got };
}

const send = (socket: Socket, text: string, { address, port }: Endpoint) =>
  new Promise<void>((resolve, reject) =>
    socket.send(text, port, address, (error) => (error === null ? resolve() : reject(error))),
  );

const families = [
  ['IPv4', '239.1.2.3', '239.1.2.4', '10.0.0.2', '10.1.0.2', '10.0.0.1'],
  ['IPv6', 'ff15::1:2', 'ff15::1:3', '::%wire0-far', '::%wire1-far', 'fd00:0::1'],
  ['IPv6 of the link', 'ff02::1:2', 'ff02::1:3', '::%wire0-far', '::%wire1-far', 'fe80::1%wire0-far'],
] as const;

for (const [family, address, other, by0, by1, host] of families) {
  const group = { address, port };

  t.test(`${family}: to and from another host, and nothing of other groups, interfaces and addresses`, async (t) => {
    const { socket, got } = member(t, group);
    // Programs of this host that are in another group, and in the group by another interface: it is not to get theirs
    member(t, { address: other, port });
    const elsewhere = member(t, group, { ifindex: wire1 });
    const peer = await DatagramPeer.start(t, far, { port, group: address, by: by0 });
    const stranger = await DatagramPeer.start(t, third, { port, group: address, by: by1 });

    await send(socket, 'to all', group);
    await until(() => peer.got.length > 0);
    t.same(peer.got, ['to all']);
    stranger.send('by the other wire', address, port);
    peer.send('of another group', other, port);
    peer.send('to the host', host, port);
    await until(() => elsewhere.got.length > 0);
    peer.send('from all', address, port);
    await until(() => got.includes('from all'));
    t.same(got, ['from all'], 'its own does not come back');
    t.same(elsewhere.got, ['by the other wire']);
    t.same(stranger.got, [], 'it sends by its own interface alone');
  });

  t.test(`${family}: loop is what this host's members get, itself among them`, async (t) => {
    const [one, two] = [member(t, group, { loop: true }), member(t, group, { loop: false })];
    await send(two.socket, 'not heard here', group);
    await send(one.socket, 'heard here', group);
    await until(() => one.got.length > 0 && two.got.length > 0);
    t.same([one.got, two.got], [['heard here'], ['heard here']]);
  });

  t.test(`${family}: what a ttl of 0 does not leave the host`, async (t) => {
    const peer = await DatagramPeer.start(t, far, { port, group: address, by: by0 });
    const near = member(t, group, { ttl: 0, loop: true });
    await send(near.socket, 'stays', group);
    await until(() => near.got.length > 0);
    await send(member(t, group).socket, 'leaves', group);
    await until(() => peer.got.length > 0);
    t.same([near.got, peer.got], [['stays'], ['leaves']]);
  });
}

t.test('a frame of 1514 bytes, which takes two packets', async (t) => {
  const group = { address: '239.1.2.3', port };
  const { socket } = member(t, group);
  const peer = await DatagramPeer.start(t, far, { port, group: group.address, by: '10.0.0.2' });
  await send(socket, 'x'.repeat(1514), group);
  await until(() => peer.got.length > 0);
  t.same(peer.got, ['x'.repeat(1514)]);
});

t.test('what cannot be had, and nothing is left of it', async (t) => {
  const before = openFds();
  const failure = (address: string, options: Options = {}) => {
    const group = { address, port };
    return sockets.openMulticast({ group, ifindex: wire0, ttl: 1, loop: false, ...options })._unsafeUnwrapErr();
  };
  sh('ip link add short mtu 1000 type veth; ip link set short up');
  t.match(failure('239.1.2.3', { ifindex: 99_999 }), { call: 'IP_MULTICAST_IF', code: 'EADDRNOTAVAIL' });
  t.match(failure('ff15::1:2', { ifindex: 99_999 }), { call: 'bind', code: 'ENODEV' });
  t.match(failure('ff15::1:2', { ifindex: ipLink('short').ifindex }), { call: 'MCAST_JOIN_GROUP', code: 'EINVAL' });
  t.match(failure('239.1.2.3', { ttl: 256 }), { call: 'IP_MULTICAST_IF', code: 'EINVAL' });
  t.match(failure('10.0.0.1'), { call: 'MCAST_JOIN_GROUP', code: 'EINVAL' });
  t.match(failure('far'), { call: 'socket', code: 'EINVAL' });
  t.equal(openFds(), before);
});
