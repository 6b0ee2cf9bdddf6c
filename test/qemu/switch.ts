/**
 * Guests on a multicast network: two on our switch by fdbroker exec, in both forms, and one with QEMU's own -netdev
 * socket,mcast= at the far end; switch and broker are killed while they talk.
 */
import { join } from 'node:path';
import t from 'tap';
import { brokerConfig } from '../support/broker-config.js';
import { copyBuild, programParts } from '../support/copied-build.js';
import { until } from '../support/daemon.js';
import { fdbrokerProcess } from '../support/fdbroker.js';
import { Host, prepareHost } from '../support/host.js';
import { switchPids } from '../support/switch-pids.js';
import { transfer } from '../support/transfer.js';

prepareHost();
const lab = { type: 'multicast', group: '239.1.2.3', port: 5000, interface: 'br0', loop: 'yes' };
const host = await Host.start(t, brokerConfig({ networks: { lab } }));
const launcher = [process.execPath, join(copyBuild(t, programParts), 'src/bin/fdbroker.js'), 'exec', '--'];
/** @param form left out: what the network offers first. */
const onSwitch = (form?: string) => ({
  nics: [{ netdev: `fdbroker,network=lab${form === undefined ? '' : `,form=${form}`}` }],
  launcher,
  // What is transferred lies in the guests' memory
  memory: 256,
});
const [one, other] = await Promise.all([host.guest(onSwitch()), host.guest(onSwitch('stream'))]);
const monitor = join(host.daemon.folder, 'qmp');
const native = await host.guest({
  extra: ['-qmp', `unix:${monitor},server=on,wait=off`],
  nics: [{ netdev: 'socket,mcast=239.1.2.3:5000,localaddr=10.0.0.1' }],
});
const addresses = ['10.9.0.1', '10.9.0.2', '10.9.0.3'] as const;
await Promise.all([one, other, native].map((guest, i) => guest.configure(`${addresses[i]}/24`)));

const switchPid = () => switchPids(host.daemon.socket)[0] ?? 0;

t.test('they reach each other and the native guest', async (t) => {
  t.equal(await one.ping(addresses[1]), 3);
  t.equal(await one.ping(addresses[2]), 3);
  t.equal(await native.ping(addresses[1]), 3);
  t.same((await host.ports()).map(({ form }) => form).sort(), ['dgram', 'stream']);
});

t.test('a port is plugged into a guest that runs, and unplugged', async (t) => {
  const run = (...words: string[]) => fdbrokerProcess(words, { FDBROKER_SOCKET: host.daemon.socket });
  for (const form of ['dgram', 'stream']) {
    const device = ['--network=lab', `--id=${form}`, `--form=${form}`, '--device=virtio-net-pci'];
    t.match(await run('attach', monitor, ...device), { status: 0, stderr: '' });
    await native.must('until [ -e /sys/class/net/eth1 ]; do sleep 0.1; done');
    await native.configure('10.9.1.3/24', 'eth1');
    await one.must('ip address add 10.9.1.1/24 dev eth0');
    t.equal(await native.ping('10.9.1.1'), 3, form);
    t.match(await run('detach', monitor, `--id=${form}`), { status: 0, stderr: '' });
    await one.must('ip address del 10.9.1.1/24 dev eth0');
    await until(async () => (await host.ports()).length === 2);
  }
});

t.test('20 MB each way', async (t) => {
  await transfer(t, one, other, addresses[1]);
  await transfer(t, other, one, addresses[0]);
});

t.test('no process of ours takes the link down', async (t) => {
  const before = await host.ports();
  const first = switchPid();
  const pings = one.run(`ping -i 0.2 -c 60 ${addresses[1]} >/tmp/pings; grep -c 'bytes from' /tmp/pings`);
  process.kill(first, 'SIGKILL');
  await until(() => ![0, first].includes(switchPid()));
  await host.daemon.kill('SIGKILL');
  await host.startBroker();
  t.same(await host.ports(), before);
  const { output } = await pings;
  t.ok(Number(output) > 40, `${output.trim()} of 60 answers, a second's worth may be lost`);
  t.equal(await other.ping(addresses[0]), 3);
});

t.test('grants end with their guests, and the switch with the last broker', async (t) => {
  const pid = switchPid();
  await one.kill();
  await until(async () => (await host.ports()).length === 1);
  await other.quit();
  await until(async () => (await host.ports()).length === 0);
  await host.daemon.kill('SIGTERM');
  await until(() => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
  t.pass('it has ended');
});
