/**
 * Switch, broker, both, and keeper are killed at random moments while guests with ports of every form ping each other and
 * send each other bytes by TCP: every connection goes on, and brings all.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { ask, dataOf } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon } from '../support/daemon.js';
import { keepersAt } from '../support/keeper-process.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';
import { randomMoments } from '../support/random-moments.js';
import { StackGuest } from '../support/stack-guest.js';
import { switchPids } from '../support/switch-pids.js';
import { TcpStream } from '../support/tcp-stream.js';
import { until } from '../support/until.js';

inPrivateNamespace();
sh('ip link add here type veth peer name there; ip link set here up; ip link set there up');
sh('ip address add 192.0.2.1/24 dev here');
const lab = { type: 'multicast', group: '239.1.2.3', port: 5000, interface: 'here' };
const daemon = new Daemon(t, brokerConfig({ networks: { lab } }));
await daemon.start();

const forms = ['dgram', 'stream', 'tap'] as const;
const guests: StackGuest[] = [];
for (const [i, form] of forms.entries()) {
  const { reply, fds } = await ask(daemon.socket, { verb: 'open', network: name('lab'), form, vnetHdr: false });
  const [end] = fds;
  if (reply?.status !== 'ok' || end === undefined) throw new Error(JSON.stringify(reply));
  guests.push(await StackGuest.start(t, end, i + 1, form));
  end.close();
}

const ports = async () => dataOf(await ask(daemon.socket, { verb: 'ports' }));
const [switchOf, keeperOf] = [() => switchPids(daemon.socket)[0], () => keepersAt(`${daemon.socket}.keeper`)[0]];

/** @param from,to guests by number, from 0. @param interrupted left out: three times. @returns how many answers came. */
async function ping(from: number, to: number, interrupted?: Promise<unknown>): Promise<number> {
  const count = interrupted === undefined ? ['-c3', '-W1'] : [];
  const words = ['busybox', 'ping', '-i0.2', ...count, `10.0.0.${to + 1}`];
  const [program = '', ...args] = [...(guests[from]?.enter ?? []), ...words];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => child.kill('SIGKILL'));
  void interrupted?.then(() => child.kill('SIGINT'));
  const said = await text(child.stdout);
  return Number(/(\d+) packets received/.exec(said)?.[1]);
}

const pairs = [
  [0, 1],
  [1, 2],
  [2, 0],
] as const;

/** One descriptor for each guest's port, two of the uplink's; besides them it has five of its own. */
const kept = forms.length + 2;
const keeps = () => {
  const folder = `/proc/${keeperOf()}/fd`;
  return existsSync(folder) && readdirSync(folder).length - 5 === kept;
};

function kill(pid: number | undefined): void {
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

const deeds: Readonly<Record<string, () => Promise<void>>> = {
  switch: async () => kill(switchOf()),
  broker: async () => {
    await daemon.kill('SIGKILL');
    await daemon.start();
  },
  both: async () => {
    kill(switchOf());
    await daemon.kill('SIGKILL');
    await daemon.start();
  },
  keeper: async () => {
    const before = keeperOf();
    kill(before);
    // From here to there it is no third that has the ports
    await until(() => ![undefined, before].includes(keeperOf()) && keeps());
  },
};

t.test('kill -9 at random moments, of each and all', async (t) => {
  const before = await ports();
  await until(keeps);
  const streams: TcpStream[] = [];
  for (const [from, to] of pairs) {
    t.equal(await ping(from, to), 3, `${forms[from]} to ${forms[to]}`);
    streams.push(await TcpStream.start(t, guests[from] as StackGuest, guests[to] as StackGuest, `10.0.0.${to + 1}`));
  }
  let interrupt = () => {};
  const over = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  const pings = pairs.map(([from, to]) => ping(from, to, over));
  const order = ['switch', 'broker', 'both', 'keeper', 'switch', 'keeper', 'both', 'broker'] as const;
  const moments = randomMoments(t, order.length, 8000);
  for (const [round, victim] of order.entries()) {
    await delay((moments[round] as number) - (moments[round - 1] ?? 0));
    await deeds[victim]?.();
    t.same(await ports(), before, `the ledger after the end of ${victim}`);
    // Every other time the next comes while this one is being mended
    const [from, to] = pairs[round % pairs.length] as (typeof pairs)[number];
    if (round % 2 === 1) await until(async () => (await ping(from, to)) === 3);
  }
  for (const [from, to] of pairs) await until(async () => (await ping(from, to)) === 3);
  interrupt();
  for (const [i, [from, to]] of pairs.entries()) {
    t.ok(((await pings[i]) ?? 0) > 20, `${await pings[i]} pings of ${forms[from]} were answered by ${forms[to]}`);
  }
  for (const [i, stream] of streams.entries()) {
    const { sent, received } = await stream.finish();
    const [from, to] = pairs[i] as (typeof pairs)[number];
    t.same(received, sent, `${sent.bytes} bytes from ${forms[from]} to ${forms[to]}`);
    t.ok(sent.bytes > 1_000_000);
  }
  t.same(
    guests.flatMap(({ faults }) => faults),
    [],
    'every frame was right',
  );
});
