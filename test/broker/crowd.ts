/** One user's crowd of connections, and another user who is served all the same. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { ask, dataOf, openRequest } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, until } from '../support/daemon.js';
import { grantedTaps } from '../support/granted-taps.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';

inPrivateNamespace();
sh('ip link add br0 type bridge && ip link set br0 up');

const config = brokerConfig({ broker: { 'socket-mode': '0666' } });
const program = fileURLToPath(new URL('../support/crowd.js', import.meta.url));
const taps = () => grantedTaps().length;

async function crowd(
  t: Test,
  daemon: Daemon,
  count: number,
  mode: 'silent' | 'lazy' | 'bad',
): Promise<() => Promise<void>> {
  const args = [program, daemon.socket, String(count), mode, '20001'];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await ended;
  };
}

/** Without a second user there is nobody to crowd out. */
const alone = process.getuid?.() === 0 && !isMapped() ? false : 'needs root: two users are not to be had otherwise';

function isMapped(): boolean {
  return !/^\s*0\s+0\s+4294967295/.test(sh('cat /proc/self/uid_map'));
}

t.test('10,000 connections that say nothing', { skip: alone }, async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const before = await daemon.descriptors();
  const disperse = await crowd(t, daemon, 10_000, 'silent');
  for (let round = 0; round < 20; round++) {
    const { reply, fds } = await ask(daemon.socket, openRequest());
    t.equal(reply?.status, 'ok');
    for (const fd of fds) fd.close();
  }
  const status = dataOf(await ask(daemon.socket, { verb: 'status' }));
  t.ok((status['connections'] as unknown as number) < 600, 'bounded');
  await disperse();
  await until(async () => (await daemon.descriptors()) <= before && taps() === 0);
});

t.test('replies never read, by a broker with few descriptors', { skip: alone }, async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start([], ['prlimit', '--nofile=128:128']);
  const before = await daemon.descriptors();
  const disperse = await crowd(t, daemon, 400, 'lazy');
  for (let round = 0; round < 20; round++) {
    const { reply, fds } = await ask(daemon.socket, openRequest());
    t.equal(reply?.status, 'ok', 'the others have descriptors left');
    for (const fd of fds) fd.close();
  }
  await disperse();
  await until(async () => (await daemon.descriptors()) <= before && taps() === 0);
  t.same(dataOf(await ask(daemon.socket, { verb: 'ports' })), []);
});

t.test('empty, truncated, oversized and damaged messages, with descriptors and without', { skip: alone }, async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const counter = async (name: string) => {
    const { counters } = dataOf(await ask(daemon.socket, { verb: 'status' }));
    return (counters as unknown as Record<string, number>)[name];
  };
  const before = await daemon.descriptors();
  // Each of them has more than one user gets
  const crowds = await Promise.all(Array.from({ length: 3 }, () => crowd(t, daemon, 300, 'bad')));
  const served = async () => {
    const { reply, fds } = await ask(daemon.socket, openRequest());
    t.equal(reply?.status, 'ok');
    for (const fd of fds) fd.close();
  };
  for (let round = 0; round < 20; round++) await served();
  await until(async () => ((await counter('invalid')) ?? 0) > 1000 && ((await counter('surplusFds')) ?? 0) > 1000);
  await served();
  for (const disperse of crowds) await disperse();
  await until(async () => (await daemon.descriptors()) <= before && taps() === 0);
  t.same(dataOf(await ask(daemon.socket, { verb: 'ports' })), []);
  t.equal(await counter('bugs'), undefined);
  const status = dataOf(await ask(daemon.socket, { verb: 'status' }));
  t.equal(status['connections'], 1, 'the one that asks');
});
