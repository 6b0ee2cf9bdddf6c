/** UDP sockets that exchange datagrams with any host and with groups, on the real kernel, with programs of another namespace. */
import { createSocket } from 'node:dgram';
import t, { type Test } from 'tap';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import type { Datagrams } from '../../src/kernel/sockets.js';
import { DatagramPeer } from '../support/datagram-peer.js';
import { openFds } from '../support/descriptors.js';
import { FarEnd } from '../support/far-end.js';
import { ipLink } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const far = await FarEnd.make(t);
far.addWire('wire0', 0);
far.addWire('wire1', 1);
const sockets = new LinuxSockets();
t.teardown(() => sockets[Symbol.dispose]());
const [ifindex, second] = ['wire0', 'wire1'].map((name) => ipLink(name).ifindex as number) as [number, number];
const [port, buffer] = [7755, 1 << 20];

function opened(t: Test, change: Partial<Datagrams> = {}) {
  const fd = sockets.openDatagrams({ six: false, port, ifindex, ttl: 1, fragment: true, ...change }, buffer);
  const owned = fd._unsafeUnwrap();
  t.teardown(() => owned.open && owned.close());
  return owned;
}

/** Node's way of using a copy of a socket, which is closed with the test. */
function used(t: Test, fd: ReturnType<typeof opened>, six = false) {
  const copy = sockets.duplicate(fd)._unsafeUnwrap();
  const socket = createSocket(six ? 'udp6' : 'udp4').bind({ fd: copy.release() });
  const got: [string, string][] = [];
  socket.on('message', (bytes, { address }) => got.push([String(bytes), address]));
  t.teardown(() => new Promise<void>((closed) => socket.close(closed)));
  const send = (text: string, to: string) =>
    new Promise<string | undefined>((resolve) =>
      socket.send(text, port, to, (error) => resolve(error === null ? undefined : (error as { code?: string }).code)),
    );
  return { got, send };
}

for (const [six, group, other, here, there, by] of [
  [false, '239.1.2.3', '239.1.2.4', '10.0.0.1', '10.0.0.2', '10.0.0.2'],
  [true, 'ff15::1:2', 'ff15::1:3', 'fd00:0::1', 'fd00:0::2', '::%wire0-far'],
] as const) {
  t.test(`${six ? 'IPv6' : 'IPv4'}: from groups that it joins and to its addresses, and back`, async (t) => {
    const socket = opened(t, { six });
    for (const _ of 'twice') sockets.joinGroup(socket, group, ifindex)._unsafeUnwrap();
    const { got, send } = used(t, socket, six);
    const peer = await DatagramPeer.start(t, far, { port, group, by });
    peer.send('of a group that it is not in', other, port);
    peer.send('to all', group, port);
    peer.send('to it', here, port);
    await until(() => got.length === 2);
    t.same(got.map(([text]) => text).sort(), ['to all', 'to it']);
    await send('to all', group);
    await send('to one', there);
    await until(() => peer.got.length === 2);
    t.same([...peer.got].sort(), ['to all', 'to one']);
    t.equal(got.length, 2, 'its own does not come back');
  });
}

t.test('a port is had once, on each interface', async (t) => {
  const before = openFds();
  const one = opened(t);
  const again = sockets.openDatagrams({ six: false, port, ifindex, ttl: 1, fragment: true }, buffer);
  t.equal(again._unsafeUnwrapErr().code, 'EADDRINUSE');
  const other = opened(t, { ifindex: second });
  t.equal(sockets.leaveGroup(one, '239.1.2.3', ifindex)._unsafeUnwrapErr().code, 'EADDRNOTAVAIL', 'it is no member');
  t.match(sockets.joinGroup(one, '10.0.0.1', ifindex)._unsafeUnwrapErr(), { call: 'MCAST_JOIN_GROUP', code: 'EINVAL' });
  one.close();
  other.close();
  t.same(openFds(), before);
});

t.test('what does not fit goes in fragments, or not at all', async (t) => {
  const large = 'x'.repeat(1600);
  const peer = await DatagramPeer.start(t, far, { port });
  const whole = opened(t, { fragment: false });
  t.equal(await used(t, whole).send(large, '10.0.0.2'), 'EMSGSIZE');
  t.equal(await used(t, opened(t, { port: port + 1 })).send(large, '10.0.0.2'), undefined);
  await until(() => peer.got.length > 0);
  t.same(peer.got, [large]);
});

t.test('a socket that has left takes nothing off another link with the number', async (t) => {
  const group = '239.1.2.5';
  sh('ip link add name gone type veth peer name lost; ip link set gone up; ip address add 192.0.2.9/24 dev gone');
  const { ifindex: number } = ipLink('gone');
  const before = opened(t, { ifindex: number, port: 7760 });
  sockets.joinGroup(before, group, number)._unsafeUnwrap();
  sh(`ip link del gone; ip link add name gone index ${number} type veth peer name lost; ip link set gone up`);
  sh('ip address add 192.0.2.9/24 dev gone');
  sockets.leaveGroup(before, group, number)._unsafeUnwrap();
  const after = opened(t, { ifindex: number, port: 7761 });
  sockets.joinGroup(after, group, number)._unsafeUnwrap();
  before.close();
  t.match(sh('ip maddress show dev gone'), new RegExp(group));
  sh('ip link del gone');
});
