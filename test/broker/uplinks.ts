/** What is told of a network's way to the outside that is not to be had, or goes while there are guests. */
import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import { ask, dataOf } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, until } from '../support/daemon.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';
import { name } from '../support/policy.js';

inPrivateNamespace();
const wire = () => sh('ip link add here type veth peer name there; ip link set here up; ip link set there up');
sh('ip link add other type veth peer name far; ip link set other up; ip link set far up');
sh('ip address add 192.0.2.1/24 dev other');
wire();

const place = { port: 5000, interface: 'other', group: '239.1.2.3' };
const networks = {
  wire: { type: 'packet', interface: 'here' },
  hosts: { type: 'qdes', id: 1, ...place },
  later: { type: 'qdes', id: 2, ...place, port: 5001 },
  clash: { type: 'multicast', ...place },
};
const daemon = new Daemon(t, brokerConfig({ networks, rule: { 'max-ports': 20 } }));
await daemon.start();

async function open(network: string) {
  const answer = await ask(daemon.socket, { verb: 'open', network: name(network), form: 'dgram', vnetHdr: false });
  for (const fd of answer.fds) t.teardown(() => fd.close());
  return answer;
}

async function guest(network: string): Promise<OwnedFd> {
  const { reply, fds } = await open(network);
  if (reply?.status !== 'ok') throw new Error(JSON.stringify(reply));
  return fds[0] as OwnedFd;
}

let last: OwnedFd;

t.test('a place that another network has is told once', async (t) => {
  last = await guest('hosts');
  const { reply } = await open('clash');
  if (reply?.status !== 'failed') throw new Error(JSON.stringify(reply));
  t.match(reply.message, /^network "clash" cannot be opened: bind: EADDRINUSE; another program has 239\.1\.2\.3:5000/);
});

t.test('a place that is in use for a moment is waited for', async (t) => {
  const holder = createSocket('udp4');
  await new Promise<void>((resolve) => holder.bind(5001, resolve));
  t.match((await open('later')).reply, { status: 'failed', message: /another program has UDP port 5001 of other/ });
  const later = open('later');
  await delay(50);
  holder.close();
  t.match((await later).reply, { status: 'ok' });
});

t.test('an interface that goes while there are guests', async (t) => {
  const [one, two] = [await guest('wire'), await guest('wire')];
  const say = () => send(one.fd, frame(broadcast, station(1)), []).unwrapOr(undefined);
  t.notMatch(daemon.stderr, /uplink/);
  sh('ip link del here');
  await until(() => {
    say();
    return /network "wire" has lost its uplink, and its guests .*: there is no interface here/.test(daemon.stderr);
  });
  await until(() => receive(two.fd, 0)._unsafeUnwrap().tag === 'message');
  t.match((await open('wire')).reply, { status: 'failed', message: /there is no interface here/ });
  wire();
  const received = () => shJson('ip -s -j link show there')[0].stats64.rx.packets as number;
  const before = received();
  // The kernel itself sends a few, not that many
  await until(() => {
    say();
    return received() > before + 30;
  });
  t.pass('it comes back, and nobody has asked');
  await guest('wire');
  t.equal(daemon.stderr.split('has lost its uplink').length, 2);
  t.equal(daemon.stderr.split('network "wire" has its uplink again').length, 2);
  const told = daemon.audited().filter(({ event }) => String(event).startsWith('port-'));
  t.match(told, [
    { event: 'port-lost', network: 'wire', reason: /^uplink: there is no interface here/ },
    { event: 'port-back', network: 'wire', reason: 'uplink' },
  ]);
});

t.test('an uplink that goes with its last guest is not told', async (t) => {
  const held = async () => dataOf(await ask(daemon.socket, { verb: 'ports' }));
  const said = daemon.stderr.split('uplink').length;
  last.close();
  await until(async () => (await held()).every((port) => port['network'] !== 'hosts'));
  // Its place is free once it has gone
  await until(async () => (await open('clash')).reply?.status === 'ok');
  t.equal(daemon.stderr.split('uplink').length, said);
});
