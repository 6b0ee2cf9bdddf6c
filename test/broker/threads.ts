/** A broker whose switches have now three threads, now two, now as many as they take themselves: no guest is lost. */
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { readSwitch, type SwitchReport } from '../../src/client/inspect.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import { ask, dataOf } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon } from '../support/daemon.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';
import { switchPids } from '../support/switch-pids.js';
import { SwitchProcess } from '../support/switch-process.js';
import { missingCompiler } from '../support/tap-holder.js';
import { busiestThread, compileStopper, stopThread } from '../support/thread-stopper.js';
import { until } from '../support/until.js';

inPrivateNamespace();
sh('ip link add here type veth peer name there; ip link set here up; ip link set there up');
sh('ip address add 192.0.2.1/24 dev here');

const group = { type: 'multicast', port: 5000, interface: 'here' };
const qdes = { type: 'qdes', interface: 'here', group: '239.1.2.9' };
const daemon = new Daemon(
  t,
  brokerConfig({
    networks: {
      far: { ...qdes, id: 1 },
      lab: { ...group, group: '239.1.2.3' },
      other: { ...group, group: '239.1.2.4' },
      farther: { ...qdes, id: 2 },
    },
    rule: { 'max-ports': 50 },
  }),
);
const networks = ['far', 'lab', 'other', 'farther'] as const;

/** As a service manager does, which chooses the options. */
const startSwitch = (threads: number) =>
  new SwitchProcess(t, [], ['--threads', String(threads)], `${daemon.socket}.switch`);

async function guest(network: string): Promise<OwnedFd> {
  const wish = { verb: 'open', network: name(network), form: 'dgram', vnetHdr: false } as const;
  const { reply, fds } = await ask(daemon.socket, wish);
  const [fd] = fds;
  if (reply?.status !== 'ok' || fd === undefined) throw new Error(JSON.stringify(reply));
  t.teardown(() => fd.close());
  return fd;
}

const ports = async () => dataOf(await ask(daemon.socket, { verb: 'ports' }));

/** Two guests of each network. */
const guests: (readonly [OwnedFd, OwnedFd])[] = [];

/** Waits until a guest hears another of its network, and looks that it hears nobody else. */
async function hears(to: OwnedFd, from: OwnedFd, network: number): Promise<void> {
  const said = frame(broadcast, station(100 * (network + 1)));
  for (let tries = 0; ; tries += 1) {
    if (tries % 20 === 0) send(from.fd, said, []).unwrapOr(undefined);
    const received = receive(to.fd, 0)._unsafeUnwrap();
    if (received.tag === 'end') throw new Error('the switch has closed the port');
    if (received.tag !== 'message') await delay(5);
    else if (Buffer.compare(received.bytes, said) === 0) return;
    else t.fail(`a guest of ${networks[network]} hears a frame of another network`);
  }
}

async function allHear(): Promise<void> {
  for (const [network, [one, other]] of guests.entries()) {
    await hears(one, other, network);
    await hears(other, one, network);
  }
}

async function report(): Promise<SwitchReport> {
  return (await readSwitch(daemon.socket))._unsafeUnwrap() as SwitchReport;
}

/** Networks by their thread, each thread with its networks in order. */
async function placed(): Promise<string[][]> {
  const { networks: all } = await report();
  const threads = [...new Set(all.map(({ thread }) => thread))].sort();
  return threads.map((thread) =>
    all
      .filter((one) => one.thread === thread)
      .map(({ network }) => network)
      .sort(),
  );
}

t.test('three threads', async (t) => {
  startSwitch(3);
  await daemon.start();
  for (const network of networks) guests.push([await guest(network), await guest(network)]);
  await allHear();
  t.same(
    await placed(),
    [['far', 'farther'], ['lab'], ['other']],
    'those with a socket together have a thread together',
  );
  t.match((await report()).switch, { threads: 3, mostThreads: 3 });
});

t.test('killed, and another has as many as it takes itself', async (t) => {
  const before = await ports();
  const [pid = 0] = switchPids(daemon.socket);
  process.kill(pid, 'SIGKILL');
  await allHear();
  t.not(switchPids(daemon.socket)[0], pid);
  const { switch: facts, networks: all } = await report();
  t.equal(new Set(all.map(({ thread }) => thread)).size, Math.min(3, facts.mostThreads));
  t.same(await ports(), before);
});

t.test('killed with its broker, and another has two', async (t) => {
  const before = await ports();
  await daemon.kill('SIGKILL');
  for (const pid of switchPids(daemon.socket)) process.kill(pid, 'SIGKILL');
  await until(() => switchPids(daemon.socket).length === 0);
  startSwitch(2);
  await daemon.start();
  await allHear();
  t.same(await ports(), before, 'from the keeper, to a switch that knows nothing');
  const all = await placed();
  t.equal(all.length, 2);
  t.equal(all.filter((one) => one.includes('far') && one.includes('farther')).length, 1);
});

t.test('a thread that hangs', { skip: missingCompiler() }, async (t) => {
  const before = await ports();
  const [pid = 0] = switchPids(daemon.socket);
  const [lab, neighbour] = guests[1] as readonly [OwnedFd, OwnedFd];
  const thread = await busiestThread(pid, async () => {
    for (let frames = 0; frames < 2000; frames += 1) {
      send(lab.fd, frame(broadcast, station(200)), []).unwrapOr(undefined);
      while (receive(neighbour.fd, 0)._unsafeUnwrap().tag === 'message');
      if (frames % 50 === 0) await delay(5);
    }
  });
  const refused = await stopThread(t, compileStopper(t), thread);
  if (refused !== undefined) return t.comment(`no thread can be stopped here: ${refused}`);
  // It is wanted, and does not come
  const late = await guest('lab');
  await until(() => switchPids(daemon.socket).every((other) => other !== pid));
  await until(() => /the switch: a bug: thread \d hangs, so this switch ends/.test(daemon.stderr));
  await allHear();
  await hears(late, lab, 1);
  late.close();
  await until(async () => (await ports()).length === before.length);
  t.same(await ports(), before);
});

t.test('nothing is left', async () => {
  for (const end of guests.flat()) end.close();
  await until(async () => (await ports()).length === 0);
  await daemon.kill('SIGTERM');
  await until(() => switchPids(daemon.socket).length === 0);
});
