/** A guest that `fdbroker exec` started, as an ordinary user: by -netdev, by -nic, with an address that is locked. */
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { brokerConfig } from '../support/broker-config.js';
import { copyBuild, programParts } from '../support/copied-build.js';
import { alice, Host, missingUsers, prepareHost } from '../support/host.js';
import { sh } from '../support/namespace.js';

prepareHost();
sh(
  'ip link add br1 address 02:00:00:00:00:02 mtu 1400 type bridge; ip address add 10.0.1.1/24 dev br1; ip link set br1 up',
);
const config = brokerConfig({
  broker: { 'socket-mode': '0666' },
  networks: { lan: {}, locked: { bridge: 'br1', 'lock-mac': 'yes' } },
  rule: { 'max-ports': 4, 'max-queues': 2 },
});
const host = await Host.start(t, config);
const program = join(copyBuild(t, programParts), 'src/bin/fdbroker.js');
const launcher = [process.execPath, program, 'exec', '--'];
const user = missingUsers() === undefined ? { user: alice } : {};
const start = (...extra: string[]) => host.guest({ nics: [], launcher, extra, ...user });

t.test('a netdev, and a device that is told what it does not say', async (t) => {
  await using guest = await start(
    '-netdev',
    'fdbroker,id=n0,network=lan',
    '-device',
    'virtio-net-pci,netdev=n0,romfile=',
  );
  const [port, ...others] = await host.portsOf(guest.pid);
  t.match(port, { network: 'lan', form: 'tap', state: 'up', holderName: 'qemu-system-x86' });
  t.same(others, []);
  t.match(readlinkSync(`/proc/${guest.pid}/exe`), /qemu/, 'no process of ours stays');
  t.equal((await guest.must('cat /sys/class/net/eth0/address')).trim(), port?.mac);
  await guest.configure('10.0.0.2/24');
  t.equal(await guest.ping('10.0.0.1'), 3);
  await guest.kill();
  t.match(await host.audited({ event: 'ended' }), { grant: port?.grant });
});

t.test('two networks, in JSON, with a locked address and an MTU of its own', async (t) => {
  const mac = '52:54:00:00:00:42';
  await using guest = await start(
    ...['-netdev', '{"type":"fdbroker","id":"n0","network":"locked"}'],
    ...['-device', `{"driver":"virtio-net-pci","netdev":"n0","romfile":"","mac":"${mac}"}`],
    ...['-nic', 'fdbroker,network=lan,model=virtio-net-pci'],
  );
  const ports = await host.portsOf(guest.pid);
  t.same(ports.map(({ network }) => network).sort(), ['lan', 'locked']);
  t.equal(ports.find(({ network }) => network === 'locked')?.mac, mac);
  const macs = await guest.must('cat /sys/class/net/eth*/address');
  for (const port of ports) t.match(macs, port.mac);
  const locked = (await guest.must(`grep -l ${mac} /sys/class/net/eth*/address`)).split('/')[4] ?? '';
  t.equal((await guest.must(`cat /sys/class/net/${locked}/mtu`)).trim(), '1400');
  await guest.configure('10.0.1.2/24', locked);
  t.equal(await guest.ping('10.0.1.1'), 3);
});

t.test('a locked address that nobody named', async (t) => {
  await using guest = await start(
    ...['-netdev', 'fdbroker,id=n0,network=locked', '-device', 'virtio-net-pci,netdev=n0,romfile='],
  );
  const [port] = await host.portsOf(guest.pid);
  t.equal((await guest.must('cat /sys/class/net/eth0/address')).trim(), port?.mac);
  await guest.configure('10.0.1.3/24');
  t.equal(await guest.ping('10.0.1.1'), 3);
  await guest.must('ip link set eth0 down && ip link set eth0 address 52:54:00:00:00:99 && ip link set eth0 up');
  t.equal(await guest.ping('10.0.1.1'), 0, 'another address is not heard');
});

t.test('two queues', async (t) => {
  await using guest = await start(
    ...['-smp', '2', '-netdev', 'fdbroker,id=n0,network=lan,queues=2'],
    ...['-device', 'virtio-net-pci,netdev=n0,romfile='],
  );
  t.match(await host.portsOf(guest.pid), [{ queues: 2, state: 'up' }]);
  t.equal((await guest.must('ls /sys/class/net/eth0/queues | grep -c rx')).trim(), '2');
  await guest.configure('10.0.0.4/24');
  t.equal(await guest.ping('10.0.0.1'), 3);
});

t.test('a refusal starts nothing and leaves nothing', async (t) => {
  const refused = host.refusal({ nics: [], launcher, extra: ['-nic', 'fdbroker,network=lost'], ...user });
  t.match(await refused, /QEMU ended \(1\): fdbroker: -nic fdbroker,network=lost: /);
  const untold = host.refusal({ nics: [], launcher, extra: ['-netdev', 'fdbroker,id=n0,network=locked'], ...user });
  t.match(
    await untold,
    /network "locked" locks the MAC address, and there is no -device with netdev=n0 to be told one: add it, or say mac=/,
  );
  t.same(await host.ports(), []);
});
