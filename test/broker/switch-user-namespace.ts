/** Broker, switch and keeper together in a user and network namespace, where root is nobody in particular outside. */
import { spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { Form } from '../../src/core/form.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import { ask, dataOf } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon } from '../support/daemon.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';
import { seenBy } from '../support/seen-ports.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const holder = spawn('unshare', ['-Urn', 'setpriv', '--pdeathsig', 'KILL', 'sleep', 'infinity'], { stdio: 'ignore' });
t.teardown(() => holder.kill('SIGKILL'));
const own = (kind: string) => readlinkSync(`/proc/self/ns/${kind}`);
const its = (pid: number | undefined, kind: string) => readlinkSync(`/proc/${pid}/ns/${kind}`);
await until(() => ['user', 'net'].every((kind) => its(holder.pid, kind) !== own(kind)));
await until(() => readFileSync(`/proc/${holder.pid}/comm`, 'utf8') === 'sleep\n');
const enter = ['nsenter', '--user', '--net', '--preserve-credentials', `--target=${holder.pid}`];
const inside = (command: string) => sh(`${enter.join(' ')} sh -ec '${command}'`);
inside('ip link add here type veth peer name there; ip link set lo up; ip link set here up; ip link set there up');
inside('ip address add 192.0.2.1/24 dev here');

const networks = {
  group: { type: 'multicast', group: '239.1.2.3', port: 5000, interface: 'here', loop: 'yes' },
  wire: { type: 'packet', interface: 'here' },
  far: { type: 'qdes', interface: 'here', id: 1, group: '239.1.2.4' },
};
const daemon = new Daemon(t, brokerConfig({ networks, rule: { 'max-ports': 40 } }));
const start = () => daemon.start([], [...enter, 'setpriv', '--pdeathsig', 'KILL']);
await start();
const ports = async () => dataOf(await ask(daemon.socket, { verb: 'ports' }));

async function guest(network: string, form: Form): Promise<OwnedFd> {
  const wish = { verb: 'open', network: name(network), form, vnetHdr: false } as const;
  const { reply, fds } = await ask(daemon.socket, wish);
  const [fd] = fds;
  if (reply?.status !== 'ok' || fd === undefined) throw new Error(`${network}, ${form}: ${JSON.stringify(reply)}`);
  t.teardown(() => fd.close());
  return fd;
}

async function heard(from: OwnedFd, by: OwnedFd): Promise<void> {
  const bytes = frame(broadcast, station(1));
  for (let tries = 0; ; tries += 1) {
    if (tries % 20 === 0) send(from.fd, bytes, []).unwrapOr(undefined);
    const got = receive(by.fd, 0)._unsafeUnwrap();
    if (got.tag === 'message' && Buffer.from(got.bytes).includes(Buffer.from(bytes))) return;
    await delay(10);
  }
}

t.test('every network and every form', async (t) => {
  const ends: Record<string, OwnedFd[]> = {};
  for (const network of Object.keys(networks)) {
    ends[network] = [await guest(network, 'dgram'), await guest(network, 'dgram'), await guest(network, 'stream')];
    await guest(network, 'tap');
  }
  const all = async () => {
    for (const [network, [one, other, stream]] of Object.entries(ends)) {
      if (one === undefined || other === undefined || stream === undefined) throw new Error(network);
      await heard(one, other);
      await heard(one, stream);
    }
  };
  await all();
  const before = await ports();
  t.equal(before.length, 12);
  const { pid } = (await seenBy(daemon.socket)).switch;
  for (const kind of ['user', 'net'])
    t.equal(its(pid, kind), its(holder.pid, kind), `the switch is in its ${kind} namespace`);
  t.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^CapPrm:\t0+$/m, 'without privilege there, either');

  process.kill(pid, 'SIGKILL');
  await until(async () => (await seenBy(daemon.socket)).switch.pid !== pid);
  await all();
  t.same(await ports(), before, 'another switch');
  await daemon.kill('SIGKILL');
  await all();
  await start();
  t.same(await ports(), before, 'another broker');
  process.kill((await seenBy(daemon.socket)).switch.pid, 'SIGKILL');
  await daemon.kill('SIGKILL');
  await start();
  await all();
  t.same(await ports(), before, 'another of both');
});
