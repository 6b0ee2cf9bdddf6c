/** Networks that the switch carries, by a real broker and a real switch, which are killed one after the other. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { Form } from '../../src/core/form.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import type { Request } from '../../src/protocol/request.js';
import { ask, dataOf } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, until } from '../support/daemon.js';
import { broadcast, frame, macBytes, station } from '../support/frames.js';
import { keepersAt } from '../support/keeper-process.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';

inPrivateNamespace();
sh('ip link add here type veth peer name there; ip link set here up; ip link set there up');
sh('ip address add 192.0.2.1/24 dev here');

const group = { type: 'multicast', group: '239.1.2.3', port: 5000, interface: 'here', loop: 'yes' };
const daemon = new Daemon(
  t,
  brokerConfig({
    networks: {
      lab: group,
      other: { ...group, group: '239.1.2.4' },
      strict: { ...group, group: '239.1.2.5', 'lock-mac': 'yes', isolated: 'yes' },
    },
    rule: { 'max-ports': 20 },
  }),
);
await daemon.start();

const open = (network: string, form: Form): Request => ({ verb: 'open', network: name(network), form, vnetHdr: false });
const ports = async () => dataOf(await ask(daemon.socket, { verb: 'ports' }));

async function guest(network = 'lab'): Promise<OwnedFd> {
  const { reply, fds } = await ask(daemon.socket, open(network, 'dgram'));
  if (reply?.status !== 'ok') throw new Error(JSON.stringify(reply));
  const [fd] = fds;
  t.teardown(() => fd?.open && fd.close());
  return fd as OwnedFd;
}

/** Of the next frame; undefined: there is none. Throws when the guest's own comes back. */
function nextSource(fd: OwnedFd): number | undefined {
  const received = receive(fd.fd, 0)._unsafeUnwrap();
  const source = received.tag === 'message' ? received.bytes[11] : undefined;
  if (source === 1) throw new Error('its own frame comes back from the group');
  return source;
}

/** The next frame whose source is that station's; frames lost meanwhile are sent again by `again`. */
async function heard(fd: OwnedFd, from: number, again: () => void = () => {}): Promise<Uint8Array> {
  for (let tries = 0; ; tries += 1) {
    const received = receive(fd.fd, 0)._unsafeUnwrap();
    if (received.tag === 'end') throw new Error('the switch has closed the port');
    if (received.tag === 'message' && received.bytes[11] === from) return received.bytes;
    if (received.tag === 'message') continue;
    await delay(10);
    if (tries % 10 === 9) again();
  }
}

const say = (fd: OwnedFd, from: number) => send(fd.fd, frame(broadcast, station(from)), []).unwrapOr(undefined);

/** Process ids of the switches that listen beside this broker's socket. */
function switches(): number[] {
  const inode = sh('ss -xlp')
    .split('\n')
    .filter((line) => line.includes(`${daemon.socket}.switch`));
  const pids = inode.flatMap((line) => [...line.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid)));
  return [...new Set(pids)].filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('fdbroker-switchd'));
}

const bothHear = async (one: OwnedFd, other: OwnedFd) => {
  await heard(other, 1, () => say(one, 1));
  await heard(one, 2, () => say(other, 2));
};

t.test('guests hear each other and the group, and nobody of another network', async (t) => {
  const peer = createSocket({ type: 'udp4', reuseAddr: true }).bind(5000, '239.1.2.3');
  await once(peer, 'listening');
  peer.addMembership('239.1.2.3', '192.0.2.1');
  peer.setMulticastInterface('192.0.2.1');
  t.teardown(() => peer.close());
  const [one, other, stranger] = [await guest(), await guest(), await guest('other')];
  const said = once(peer, 'message');
  say(one, 1);
  // It is a port a moment after it was granted
  t.same(await heard(other, 1, () => say(one, 1)), frame(broadcast, station(1)));
  t.same(new Uint8Array((await said)[0]), frame(broadcast, station(1)), 'the group has it, byte for byte');
  peer.send(frame(broadcast, station(9)), 5000, '239.1.2.3');
  await until(() => nextSource(one) === 9);
  t.ok(await heard(other, 9));
  const answer = frame(station(9), station(2));
  const answered = once(peer, 'message');
  send(other.fd, answer, [])._unsafeUnwrap();
  t.same(new Uint8Array((await answered)[0]), answer);
  // What comes from the group comes after what it gave back to us
  peer.send(frame(broadcast, station(10)), 5000, '239.1.2.3');
  await until(() => nextSource(one) === 10);
  t.match(receive(stranger.fd, 0)._unsafeUnwrap(), { tag: 'nothing' });
  t.equal((await ports()).length, 3);
  t.equal(switches().length, 1);
  for (const end of [one, other, stranger]) end.close();
  await until(async () => (await ports()).length === 0);
  // The lines come by a pipe
  await until(() => daemon.audited().filter(({ event }) => event === 'ended').length === 3);
  t.match(daemon.audited().at(-1), { event: 'ended', reason: 'nobody holds it any more' });
});

t.test('guests are kept apart where the section says so', async (t) => {
  const ends = await Promise.all(
    [0, 1].map(async () => {
      const { reply, fds } = await ask(daemon.socket, { ...open('strict', 'dgram'), mac: 'any' } as Request);
      t.equal(reply?.status, 'ok');
      t.teardown(() => fds[0]?.close());
      return { fd: fds[0] as OwnedFd, mac: macBytes(reply?.status === 'ok' ? (reply.fields.get('mac') ?? '') : '') };
    }),
  );
  const [one, other] = ends as [(typeof ends)[number], (typeof ends)[number]];
  const peer = createSocket({ type: 'udp4', reuseAddr: true }).bind(5000, '239.1.2.5');
  await once(peer, 'listening');
  peer.addMembership('239.1.2.5', '192.0.2.1');
  t.teardown(() => peer.close());
  const heardByPeer: Uint8Array[] = [];
  peer.on('message', (bytes) => heardByPeer.push(new Uint8Array(bytes)));
  const own = frame(broadcast, one.mac);
  await until(async () => {
    send(one.fd.fd, frame(broadcast, station(66)), [])._unsafeUnwrap();
    send(one.fd.fd, own, [])._unsafeUnwrap();
    await delay(10);
    return heardByPeer.length > 0;
  });
  for (const bytes of heardByPeer) t.same(bytes, own, 'from its own address alone');
  t.match(receive(other.fd.fd, 0)._unsafeUnwrap(), { tag: 'nothing' }, 'the other isolated guest hears nothing');
  t.match((await ask(daemon.socket, { ...open('strict', 'socket'), mac: 'any' } as Request)).reply, {
    status: 'failed',
    message: /and not socket/,
  });
  const refused = (await ask(daemon.socket, open('strict', 'dgram'))).reply;
  t.match(refused, { status: 'refused', message: /address/ }, 'a guest that is not told its address would be shut out');
  one.fd.close();
  other.fd.close();
  await until(async () => (await ports()).length === 0);
});

t.test('a stream, and a port that is released', async (t) => {
  const one = await guest();
  const { reply, fds } = await ask(daemon.socket, open('lab', 'stream'));
  t.equal(reply?.status, 'ok');
  const stream = fds[0] as OwnedFd;
  t.teardown(() => stream.close());
  const bytes = frame(broadcast, station(1));
  await until(() => {
    say(one, 1);
    const received = receive(stream.fd, 0)._unsafeUnwrap();
    return received.tag === 'message' && Buffer.from(received.bytes).includes(Buffer.from(bytes));
  });
  const grant = reply?.status === 'ok' ? reply.fields.get('grant') : '';
  t.equal((await ask(daemon.socket, { verb: 'release', grant: grant as never })).reply?.status, 'ok');
  await until(() =>
    receive(stream.fd, 0).match(
      ({ tag }) => tag === 'end',
      () => true,
    ),
  );
  one.close();
  await until(async () => (await ports()).length === 0);
});

t.test('no link ends with a process of ours', async (t) => {
  const [one, other] = [await guest(), await guest()];
  await bothHear(one, other);
  const before = await ports();
  const [first = 0] = switches();
  process.kill(first, 'SIGKILL');
  await bothHear(one, other);
  t.not(switches()[0], first, 'another switch carries on');
  t.same(await ports(), before, 'the ledger is as it was');

  await daemon.kill('SIGKILL');
  await bothHear(one, other);
  await daemon.start();
  t.same(await ports(), before, 'a broker that starts finds what the switch has');
  process.kill(switches()[0] as number, 'SIGKILL');
  await bothHear(one, other);
  t.same(await ports(), before);

  const [second = 0] = switches();
  process.kill(second, 'SIGKILL');
  await daemon.kill('SIGKILL');
  await daemon.start();
  await bothHear(one, other);
  t.not(switches()[0], second, 'the keeper has what another switch needs');
  t.same(await ports(), before);
  one.close();
  other.close();
  await until(async () => (await ports()).length === 0);
});

t.test('nothing is left of a broker that ends in order', async (t) => {
  await daemon.kill('SIGTERM');
  await until(() => !existsSync(`${daemon.socket}.switch`) && switches().length === 0);
  await until(() => keepersAt(`${daemon.socket}.keeper`).length === 0);
  t.same(
    readdirSync(`${daemon.folder}/run`).filter((file) => /switch|keeper/.test(file)),
    [],
  );
});
