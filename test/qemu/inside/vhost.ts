/**
 * A guest on a tap and a macvtap with vhost-net, two queues each, that an ordinary user starts; and a host where
 * vhost-net is in the way of nobody, or not to be had. test/qemu/vhost.ts runs this where the module may be taken away.
 */
import { spawnSync } from 'node:child_process';
import { chownSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Vhost } from '../../../src/core/config.js';
import type { Request } from '../../../src/protocol/request.js';
import { ask, openRequest } from '../../support/ask.js';
import { copyBuild, programParts } from '../../support/copied-build.js';
import { until } from '../../support/daemon.js';
import { inDebianKernel } from '../../support/debian-kernel.js';
import type { Guest } from '../../support/guest.js';
import { alice, Host, prepareHost } from '../../support/host.js';
import { addWire, macvtaps } from '../../support/macvtap.js';
import { sh, skipFile } from '../../support/namespace.js';
import { vhostDescriptors, vhostWakings } from '../../support/vhost-threads.js';

if (!inDebianKernel()) skipFile('it takes vhost-net away from the host: test/qemu/vhost.ts runs it in a guest');
const node = '/dev/vhost-net';

prepareHost();
addWire(t);
sh('ip address add 10.1.0.1/24 dev wire1');
const host = await Host.start(
  t,
  `[broker]
socket-mode = 0666
[network lan]
type = bridge
bridge = br0
[network wire]
type = macvtap
parent = wire0
mode = bridge
[network plain]
type = bridge
bridge = br0
[network never]
type = bridge
bridge = br0
vhost = no
[network always]
type = bridge
bridge = br0
vhost = yes
[rule all]
effect = allow
user[] = *
network[] = lan
network[] = wire
network[] = never
network[] = always
max-queues = 2
vhost = auto
[rule without]
effect = allow
user[] = *
network[] = plain
`,
);

const echoes = 10;

/** From each of the guest's processors, and so by each queue. */
async function pingByEachQueue(t: Test, guest: Guest, target: string): Promise<void> {
  for (const processor of [0, 1]) {
    const { output } = await guest.run(`taskset -c ${processor} ping -c ${echoes} -i 0.2 -W 10 ${target}`, 120);
    t.match(output, new RegExp(` ${echoes} packets received`), `processor ${processor} to ${target}`);
  }
}

t.test('a guest of a user who may not open vhost-net', async (t) => {
  const identity = [`--reuid=${alice.uid}`, `--regid=${alice.gid}`, '--clear-groups'];
  t.not(spawnSync('setpriv', [...identity, 'sh', '-c', `exec 3<>${node}`]).status, 0);
  const program = join(copyBuild(t, programParts), 'src/bin/fdbroker.js');
  const nic = (id: string, network: string) => [
    ...['-netdev', `fdbroker,id=${id},network=${network},queues=2,vhost=on`],
    ...['-device', `virtio-net-pci,netdev=${id},romfile=`],
  ];
  const guest = await host.guest({
    ...{ nics: [], user: alice, launcher: [process.execPath, program, 'exec', '--timeout=120', '--'] },
    extra: ['-smp', '2', ...nic('n0', 'lan'), ...nic('n1', 'wire')],
  });
  const ports = (await host.portsOf(guest.pid)).map(({ uid, network, queues }) => `${uid} ${network} ${queues}`);
  t.same(ports.sort(), [`${alice.uid} lan 2`, `${alice.uid} wire 2`]);
  t.equal(vhostDescriptors(guest.pid), 4);
  await guest.configure('10.0.0.2/24', 'eth0');
  await guest.configure('10.1.0.2/24', 'eth1');
  const before = vhostWakings(guest.pid);
  t.equal(before.size, 4, 'a thread for each queue');
  await pingByEachQueue(t, guest, '10.0.0.1');
  await pingByEachQueue(t, guest, '10.1.0.1');
  const after = vhostWakings(guest.pid);
  const grown = [...after].map(([thread, wakings]) => wakings - (before.get(thread) ?? 0));
  t.comment(`context switches of the vhost threads: ${grown.join(', ')}`);
  // On a busy machine one waking may be for several frames
  t.equal(grown.filter((wakings) => wakings >= echoes / 2).length, 4, 'each was woken for its queue’s frames');

  const { pid } = guest;
  await guest.kill();
  await until(async () => (await host.ports()).length === 0);
  await until(() => vhostWakings(pid).size === 0);
  t.same(macvtaps(), [], 'nothing is left');
});

/** What root is told, and how many descriptors come along. */
async function opened(network: string, vhost: Vhost): Promise<{ words: string; descriptors: number }> {
  const { reply, fds } = await ask(host.daemon.socket, { ...openRequest(network), vhost } as Request);
  for (const fd of fds) fd.close();
  const words = reply?.status === 'ok' ? 'ok' : `${reply?.status}: ${reply?.message}`;
  return { words, descriptors: fds.length };
}

t.test('where the rule or the network says no', async (t) => {
  t.match(await opened('plain', 'yes'), { words: /^refused: no rule gives you vhost on network "plain"/ });
  t.match(await opened('never', 'yes'), { words: /^refused: network "never" is given without vhost/ });
  for (const network of ['plain', 'never']) t.same(await opened(network, 'auto'), { words: 'ok', descriptors: 1 });
  t.same(await opened('lan', 'auto'), { words: 'ok', descriptors: 2 });
  t.same(await opened('always', 'auto'), { words: 'ok', descriptors: 2 });
});

t.test('where the host has none: who must have it is told what is missing, who can do without does', async (t) => {
  const without = async (missing: RegExp) => {
    for (const network of ['lan', 'wire']) {
      t.match(await opened(network, 'yes'), { words: missing, descriptors: 0 });
      t.same(await opened(network, 'auto'), { words: 'ok', descriptors: 1 });
    }
    t.match(await opened('always', 'auto'), { words: missing, descriptors: 0 });
    t.same(await opened('always', 'no'), { words: 'ok', descriptors: 1 });
  };
  chownSync(node, alice.uid, alice.gid);
  await without(/^failed: .*; the broker may not open \/dev\/vhost-net: give it to a group/);
  unlinkSync(node);
  await without(/^failed: .*; there is no node \/dev\/vhost-net: .* modprobe vhost_net$/);
  sh(`rmmod vhost_net; mknod ${node} c 10 238`);
  await without(/^failed: .*; the host has the node \/dev\/vhost-net and not its module: modprobe vhost_net$/);
});
