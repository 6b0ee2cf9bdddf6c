/** Guests on macvtaps, over a wire to another namespace: in each mode exactly those reach each other who should. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { copyBuild, programParts } from '../support/copied-build.js';
import { until } from '../support/daemon.js';
import type { Guest } from '../support/guest.js';
import { Host, prepareHost } from '../support/host.js';
import { macvtaps, skipWithoutMacvtap } from '../support/macvtap.js';
import { sh } from '../support/namespace.js';
import { transfer } from '../support/transfer.js';

prepareHost();
skipWithoutMacvtap();

const modes = ['vepa', 'bridge', 'private', 'passthru'] as const;
const sections = modes.map((mode) => `[network ${mode}]\ntype = macvtap\nparent = ${mode}\nmode = ${mode}\n`);
const names = modes.map((mode) => `network[] = ${mode}\n`);
const host = await Host.start(
  t,
  `${sections.join('')}[rule all]\neffect = allow\nuser[] = *\nmax-queues = 2\n${names.join('')}`,
);

/** The namespace at the far end of the wires, by a process in it. */
const far = spawn('unshare', ['-n', 'setpriv', '--pdeathsig', 'KILL', 'sleep', 'infinity'], { stdio: 'ignore' });
t.teardown(() => far.kill('SIGKILL'));
const inFar = (command: string) => sh(`nsenter --net=/proc/${far.pid}/ns/net sh -ec '${command}'`);
await until(() => sh(`readlink /proc/${far.pid}/ns/net`) !== sh('readlink /proc/self/ns/net'));

/** Network N is 10.N.0.0/24: .1 the far end, .9 the host's own address on the parent. */
for (const [at, mode] of modes.entries()) {
  sh(`ip link add ${mode} type veth peer name ${mode}-far && ip link set ${mode}-far netns ${far.pid}`);
  sh(`ip address add 10.${at}.0.9/24 dev ${mode}; ip link set ${mode} up`);
  inFar(`ip link add br-${mode} type bridge; ip link set br-${mode} up; ip address add 10.${at}.0.1/24 dev br-${mode}
    ip link set ${mode}-far master br-${mode} up`);
}
/** Whether the switch at the far end sends frames back where they came from. */
const reflect = (mode: string, on: boolean) =>
  inFar(`ip link set ${mode}-far type bridge_slave hairpin ${on ? 'on' : 'off'}`);

/** A guest whose address on network N is 10.N.0.HOST; it uses the addresses that it was granted. */
async function guestOn(networks: readonly (typeof modes)[number][], number: number): Promise<Guest> {
  const nics = networks.map((network) => {
    const mac = `52:54:00:00:0${modes.indexOf(network)}:0${number}`;
    return { netdev: `tap,helper=${host.helper} --network=${network} --mac=${mac}`, mac };
  });
  const guest = await host.guest({ nics });
  for (const [at, network] of networks.entries()) {
    await guest.configure(`10.${modes.indexOf(network)}.0.${number}/24`, `eth${at}`);
  }
  return guest;
}

const [one, other] = await Promise.all([guestOn(modes, 2), guestOn(['vepa', 'bridge', 'private'], 3)]);

async function reaches(t: Test, guest: Guest, target: string, expected: boolean, what: string): Promise<void> {
  // A neighbour that was found before may be forgotten, and one that was not is asked for anew
  await guest.run('ip neighbour flush all');
  if (!expected) return void t.equal(await guest.ping(target), 0, what);
  await until(async () => (await guest.ping(target)) > 0);
  t.pass(what);
}

for (const [at, mode] of modes.entries()) {
  t.test(`mode ${mode}`, async (t) => {
    reflect(mode, false);
    await reaches(t, one, `10.${at}.0.1`, true, 'the far end');
    await reaches(t, one, `10.${at}.0.9`, false, 'not the host’s own address on the parent');
    if (mode === 'passthru') return;
    await reaches(t, other, `10.${at}.0.1`, true, 'the far end, for the other guest too');
    await reaches(t, one, `10.${at}.0.3`, mode === 'bridge', 'the other guest');
    reflect(mode, true);
    await reaches(t, one, `10.${at}.0.3`, mode !== 'private', 'the other guest, where the switch reflects');
  });
}

t.test('20 MB of TCP to the other guest, and back', async (t) => {
  await transfer(t, one, other, '10.1.0.3');
  await transfer(t, other, one, '10.1.0.2');
});

t.test('several queues, and the granted address, by fdbroker exec', async (t) => {
  const launcher = [process.execPath, join(copyBuild(t, programParts), 'src/bin/fdbroker.js'), 'exec', '--'];
  const device = 'virtio-net-pci,netdev=n0,romfile=';
  await using guest = await host.guest({
    ...{ nics: [], launcher },
    extra: ['-smp', '2', '-netdev', 'fdbroker,id=n0,network=bridge,queues=2', '-device', device],
  });
  const [port] = await host.portsOf(guest.pid);
  t.match(port, { network: 'bridge', queues: 2, form: 'tap' });
  t.equal((await guest.must('cat /sys/class/net/eth0/address')).trim(), port?.mac);
  t.equal((await guest.must('ls -1d /sys/class/net/eth0/queues/rx-*')).trim().split('\n').length, 2);
  await guest.configure('10.1.0.4/24');
  // With several flows both queues get some
  for (let round = 0; round < 3; round++) t.equal(await guest.ping('10.1.0.2'), 3);
  t.equal(await guest.ping('10.1.0.1'), 3);
});

t.test('they go with their guests, however those end', async (t) => {
  await until(() => macvtaps().length === 7);
  await one.kill();
  await until(() => macvtaps().length === 3);
  await other.run('poweroff -f').catch(() => {});
  await other.ended;
  await until(() => macvtaps().length === 0);
  await until(async () => (await host.ports()).length === 0);
  t.same(macvtaps(), []);
});
