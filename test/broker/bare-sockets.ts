/** Packet and multicast networks by a real broker and `fdbroker open`, with programs of other namespaces at the far end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { describeClientError, open } from '../../src/client/index.js';
import { ask, dataOf } from '../support/ask.js';
import { Daemon, until } from '../support/daemon.js';
import { DatagramPeer } from '../support/datagram-peer.js';
import { FarEnd } from '../support/far-end.js';
import { program } from '../support/fdbroker.js';
import { frameHost } from '../support/frame-host.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';

inPrivateNamespace();
const far = await FarEnd.make(t);
far.addWire('wire0', 0);
sh('ip link add asleep type veth');

const names = ['wire', 'shut', 'gone', 'asleep', 'lab', 'six', 'lost'];
const config = `[network wire]
type = packet
interface = wire0
bare = yes
[network shut]
type = packet
interface = wire0
[network gone]
type = packet
interface = gone0
bare = yes
[network asleep]
type = packet
interface = asleep
bare = yes
[network lab]
type = multicast
group = 239.1.2.3
port = 5000
interface = wire0
loop = no
[network six]
type = multicast
group = ff15::1:2
port = 5000
interface = wire0
loop = no
[network lost]
type = multicast
group = 239.1.2.3
port = 5000
interface = gone0
[rule all]
effect = allow
user[] = *
${names.map((one) => `network[] = ${one}\n`).join('')}`;
const daemon = new Daemon(t, config);
await daemon.start();
const ports = async () => dataOf(await ask(daemon.socket, { verb: 'ports' }));

/** A program that `fdbroker open` becomes; it says one line when it is ready. */
async function opened(t: Test, network: string, ...command: string[]): Promise<{ child: ChildProcess; said: string }> {
  const words = [program, 'open', `--network=${network}`, '--form=socket', '--', process.execPath, ...command];
  const child = spawn(process.execPath, words, {
    env: { PATH: process.env['PATH'], FDBROKER_SOCKET: daemon.socket },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [said] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { child, said: String(said) };
}

/** Its grant is there, and goes with it. */
async function endsWith(t: Test, child: ChildProcess, network: string): Promise<void> {
  t.match(await ports(), [{ network, form: 'socket', ifname: null, holder: child.pid, state: 'up' }]);
  child.kill('SIGKILL');
  await until(async () => (await ports()).length === 0);
  const ended = () => daemon.audited().filter(({ event, holder }) => event === 'ended' && holder === child.pid);
  await until(() => ended().length > 0);
  t.match(ended(), [{ network, reason: 'its holder has ended' }]);
}

t.test('packet: a program is a host of its own on the wire', async (t) => {
  const { child } = await opened(t, 'wire', frameHost, '{fd}', '10.0.0.77');
  const peer = await DatagramPeer.start(t, far, { port: 6000 });
  peer.send('to and fro', '10.0.0.77', 7000);
  await until(() => peer.got.length > 0);
  t.same(peer.got, ['to and fro']);
  t.match(far.run('ip neigh show 10.0.0.77'), /lladdr 02:00:00:00:00:77/);
  await endsWith(t, child, 'wire');
  t.match(sh('ip -d link show wire0'), /promiscuity 0/);
});

/** Sends back what comes, with a word before it, by nothing but what it is told. */
const echo = `const socket = require('node:dgram').createSocket(process.argv[2]).bind({ fd: Number(process.argv[1]) });
  const [, to, port] = /^\\w+=\\[?(.*?)\\]?:(\\d+)$/.exec(process.env.FDBROKER_TO);
  socket.on('message', (bytes) => socket.send('back: ' + bytes, Number(port), to));
  console.log(process.argv[3]);`;

t.test('multicast of IPv4: QEMU’s own -netdev socket,mcast= at the far end, byte for byte', async (t) => {
  const { child, said } = await opened(t, 'lab', '-e', echo, '{fd}', 'udp4', '{to}');
  t.equal(said, '239.1.2.3:5000\n');
  // A hub of QEMU's joins the group to a UDP socket, so that frames go in and come out without a guest
  const dgram = 'dgram,id=d,local.type=inet,local.host=127.0.0.1,local.port=6001';
  const netdevs = [
    'socket,id=m,mcast=239.1.2.3:5000,localaddr=10.0.0.2',
    `${dgram},remote.type=inet,remote.host=127.0.0.1,remote.port=6000`,
    'hubport,id=hm,hubid=0,netdev=m',
    'hubport,id=hd,hubid=0,netdev=d',
  ];
  const peer = await DatagramPeer.start(t, far, { port: 6000 });
  const machine = ['-machine', 'none', '-nodefaults', '-display', 'none'];
  const [enter = '', ...rest] = [...far.enter, 'qemu-system-x86_64', ...machine];
  const qemu = spawn(enter, [...rest, ...netdevs.flatMap((netdev) => ['-netdev', netdev])], { stdio: 'inherit' });
  t.teardown(() => qemu.kill('SIGKILL'));
  const frame = `frame: ${'x'.repeat(1400)}`;
  await until(() => {
    // Until QEMU is there
    peer.send(frame, '127.0.0.1', 6001);
    return peer.got.includes(`back: ${frame}`);
  });
  t.pass();
  await endsWith(t, child, 'lab');
});

t.test('multicast of IPv6', async (t) => {
  const { child, said } = await opened(t, 'six', '-e', echo, '{fd}', 'udp6', '{to}');
  t.equal(said, '[ff15::1:2]:5000\n');
  const peer = await DatagramPeer.start(t, far, { port: 5000, group: 'ff15::1:2', by: '::%wire0-far' });
  peer.send('a frame', 'ff15::1:2', 5000);
  await until(() => peer.got.length > 0);
  t.same(peer.got, ['back: a frame']);
  await endsWith(t, child, 'six');
});

t.test('a program in TypeScript is told where to send', async (t) => {
  using grant = (await open({ network: 'lab', form: 'socket', socket: daemon.socket }))._unsafeUnwrap();
  t.match(grant, { form: 'socket', mtu: 1500, to: '239.1.2.3:5000', server: false });
  using wire = (await open({ network: 'wire', form: 'socket', socket: daemon.socket }))._unsafeUnwrap();
  t.notHas(wire, { to: '' });
});

t.test('what is refused, and why', async (t) => {
  const refusal = async (network: string, form: 'socket') => {
    const answer = await open({ network, form, socket: daemon.socket });
    return describeClientError(answer._unsafeUnwrapErr());
  };
  t.match(await refusal('shut', 'socket'), /hands out no bare socket, because its holder can reach every interface/);
  t.match(await refusal('gone', 'socket'), /there is no interface gone0; name one that "ip link" shows/);
  t.match(await refusal('asleep', 'socket'), /asleep is down; bring it up with: ip link set asleep up/);
  t.match(await refusal('lost', 'socket'), /there is no interface gone0/);
});

t.test('what each network offers, and what its users should know', async (t) => {
  const caution = /every interface of the broker's network namespace/;
  t.match(await ask(daemon.socket, { verb: 'networks' }).then(dataOf), [
    { name: 'asleep', problem: /asleep is down/ },
    { name: 'gone', type: 'packet', mtu: null, problem: /no interface gone0/ },
    {
      name: 'lab',
      on: '239.1.2.3:5000%wire0',
      forms: ['dgram', 'stream', 'tap', 'socket'],
      guestsReachEachOther: true,
      caution: null,
    },
    { name: 'lost', type: 'multicast', problem: /no interface gone0/ },
    {
      name: 'shut',
      forms: ['dgram', 'stream', 'tap'],
      caution: /cannot reach this host's own addresses/,
      problem: null,
    },
    { name: 'six', type: 'multicast', on: '[ff15::1:2]:5000%wire0', problem: null },
    {
      name: 'wire',
      on: 'wire0',
      forms: ['dgram', 'stream', 'tap', 'socket'],
      mtu: 1500,
      hostReachable: false,
      caution,
      problem: null,
    },
  ]);
});
