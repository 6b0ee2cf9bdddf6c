/** `fdbroker exec`, and the QEMU that it becomes, killed on its way: what it was given ends with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { brokerConfig } from '../support/broker-config.js';
import { until } from '../support/daemon.js';
import { grantedTaps } from '../support/granted-taps.js';
import { Host, prepareHost } from '../support/host.js';
import { inProject } from '../support/project.js';
import { randomMoments } from '../support/random-moments.js';

prepareHost();
const wire = '[network wire]\ntype = udp\nlocal = 127.0.0.1:7001\nremote = 127.0.0.1:7002\n';
const rule = '[rule wire]\neffect = allow\nuser[] = *\nnetwork[] = wire\nmax-ports = 1\n';
const lan = brokerConfig({ broker: { 'socket-mode': '0666' }, rule: { 'max-ports': 1, 'max-queues': 2 } });
const host = await Host.start(t, lan + wire + rule);
const monitor = join(host.daemon.folder, 'qmp');
const command = [
  ...['exec', '--', 'qemu-system-x86_64', '-M', 'q35,accel=tcg', '-nodefaults', '-display', 'none', '-S'],
  ...['-netdev', 'fdbroker,id=n0,network=lan,queues=2', '-device', 'virtio-net-pci,netdev=n0,romfile='],
  ...['-netdev', 'fdbroker,id=n1,network=wire', '-device', 'virtio-net-pci,netdev=n1,romfile='],
  ...['-qmp', `unix:${monitor},server=on,wait=off`],
];

/** By the launcher, in a process group of its own. */
function start() {
  rmSync(monitor, { force: true });
  const env = { ...process.env, FDBROKER_SOCKET: host.daemon.socket };
  const child = spawn(inProject('build/fdbroker'), command, { env, stdio: 'ignore', detached: true });
  t.teardown(() => child.kill('SIGKILL'));
  const { pid = 0 } = child;
  return { pid, ended: once(child, 'exit'), kill: () => child.kill('SIGKILL') };
}

/** Whether a process of the group is left. */
function isThere(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

/** Both networks may be had once: what was left of one before would be in the way. */
async function runToTheEnd(t: Test): Promise<void> {
  const whole = start();
  await Promise.race([until(() => existsSync(monitor)), whole.ended]);
  const ports = await host.portsOf(whole.pid);
  t.same(ports.map(({ network, queues }) => [network, queues]).sort(), [
    ['lan', 2],
    ['wire', 1],
  ]);
  whole.kill();
  await whole.ended;
  await nothingLeft(t, whole.pid);
}

async function nothingLeft(t: Test, group: number): Promise<void> {
  await until(() => !isThere(group));
  // What it asked for last may be under way, and is undone
  await until(async () => (await host.ports()).length === 0 && grantedTaps().length === 0);
  t.same(grantedTaps(), []);
}

t.test('killed at 20 moments of its life, and nothing is left', async (t) => {
  await runToTheEnd(t);
  const began = performance.now();
  await runToTheEnd(t);
  const life = performance.now() - began;
  const descriptors = await host.daemon.descriptors();
  const reached = new Map<number, number>();
  for (const moment of randomMoments(t, 20, life)) {
    const one = start();
    setTimeout(one.kill, moment);
    await one.ended;
    await nothingLeft(t, one.pid);
    await until(async () => (await host.daemon.descriptors()) === descriptors);
    const granted = host.daemon.audited().filter(({ event, holder }) => event === 'granted' && holder === one.pid);
    reached.set(granted.length, (reached.get(granted.length) ?? 0) + 1);
  }
  t.comment(`killed with so many grants: ${JSON.stringify([...reached])}`);
  await runToTheEnd(t);
});
