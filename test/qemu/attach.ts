/** Networks for a guest that runs, by `fdbroker attach`, and taken away again: nothing is left. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { until } from '../support/daemon.js';
import { fdbrokerProcess } from '../support/fdbroker.js';
import { Host, openPolicy, prepareHost } from '../support/host.js';

prepareHost();
const sockets = `[network wire]
type = udp
local = 127.0.0.1:7001
remote = 127.0.0.1:7002
[rule wire]
effect = allow
user[] = *
network[] = wire
network[] = locked
[network locked]
type = bridge
bridge = br0
lock-mac = yes
`;
const host = await Host.start(t, openPolicy + sockets);
const monitor = join(host.daemon.folder, 'qmp');
const guest = await host.guest({ nics: [], extra: ['-qmp', `unix:${monitor},server=on,wait=off`] });
const env = { FDBROKER_SOCKET: host.daemon.socket };
const descriptors = () => readdirSync(`/proc/${guest.pid}/fd`).length;

const attach = (id: string, ...more: string[]) =>
  fdbrokerProcess(['attach', monitor, '--network=lan', `--id=${id}`, ...more], env);
const detach = (id: string) => fdbrokerProcess(['detach', monitor, `--id=${id}`, '--timeout=60'], env);
const device = '--device=virtio-net-pci';
const before = descriptors();

t.test('four networks come and go, ten times', async (t) => {
  for (const round of Array.from({ length: 10 }, (_, index) => index + 1)) {
    for (const id of ['a', 'b', 'c', 'd']) {
      const { status, stdout, stderr } = await attach(id, device);
      t.equal(stderr, '');
      t.equal(status, 0);
      t.match(stdout, new RegExp(`^attached ${id}: network lan, grant [0-9a-f]{8}, address 52:54:00:[0-9a-f:]{8}\n$`));
    }
    const ports = await host.portsOf(guest.pid);
    t.equal(ports.length, 4, 'QEMU holds them, not who asked');
    await guest.must('until [ $(ls -d /sys/class/net/eth* | wc -l) = 4 ]; do sleep 0.1; done');
    const macs = await guest.must('cat /sys/class/net/eth*/address');
    for (const { mac } of ports) t.match(macs, mac);
    const nic = (await guest.must('ls /sys/class/net')).split(/\s+/).find((name) => name.startsWith('eth')) ?? '';
    await guest.configure(`10.0.0.${round + 1}/24`, nic);
    t.equal(await guest.ping('10.0.0.1'), 3);
    for (const id of ['c', 'a', 'd', 'b']) {
      t.same(await detach(id), { status: 0, stdout: `detached ${id}\n`, stderr: '' });
    }
    await until(async () => (await host.ports()).length === 0);
    t.equal(descriptors(), before, 'nothing is left in QEMU');
  }
});

t.test('what fails leaves nothing', async (t) => {
  t.match(await attach('x', '--device=no-such-model'), {
    status: 1,
    stderr: /^fdbroker: QEMU refuses: 'no-such-model'/,
  });
  t.match(await attach('1x'), { status: 1, stderr: /^fdbroker: QEMU refuses: .*identifier/ });
  t.match(await attach('x', device, '--bus=nowhere'), { status: 1, stderr: /QEMU refuses: Bus 'nowhere' not found/ });
  const lost = await fdbrokerProcess(['attach', monitor, '--network=lost', '--id=x'], env);
  t.match(lost, { status: 1, stdout: '', stderr: /^fdbroker: .*lost/ });
  t.match(await detach('x'), { status: 1, stderr: 'fdbroker: QEMU refuses: it has no netdev x\n' });
  await until(async () => (await host.ports()).length === 0);
  t.equal(descriptors(), before);
});

t.test('an id that is taken stays as it is; a netdev without a device', async (t) => {
  t.match(await attach('one'), { status: 0 });
  const [port] = await host.portsOf(guest.pid);
  t.match(await attach('one', device), { status: 1, stderr: /QEMU refuses: Duplicate ID 'one'/ });
  await until(async () => (await host.ports()).length === 1);
  t.same((await host.portsOf(guest.pid))[0]?.grant, port?.grant);
  t.match(await detach('one'), { status: 0 });
  await until(async () => (await host.ports()).length === 0);
  t.equal(descriptors(), before);
});

t.test('a network that locks addresses, and a device that is told its own', async (t) => {
  const attachLocked = (...words: string[]) =>
    fdbrokerProcess(['attach', monitor, '--network=locked', '--id=l', ...words], env);
  t.match(await attachLocked(), {
    status: 1,
    stderr:
      'fdbroker: network "locked" locks the MAC address, and no device is told one: say --device MODEL, or --mac ADDRESS\n',
  });
  t.same(await host.ports(), []);
  t.match(await attachLocked(device), { status: 0, stderr: '' });
  await guest.must('until ls -d /sys/class/net/eth*; do sleep 0.1; done');
  const nic = (await guest.must('ls /sys/class/net')).split(/\s+/).find((name) => name.startsWith('eth')) ?? '';
  await guest.configure('10.0.0.40/24', nic);
  t.equal(await guest.ping('10.0.0.1'), 3);
  await guest.must(`ip link set ${nic} down && ip link set ${nic} address 52:54:00:00:00:99 && ip link set ${nic} up`);
  t.equal(await guest.ping('10.0.0.1'), 0, 'another is not heard');
  t.match(await detach('l'), { status: 0, stderr: '' });
  await until(async () => (await host.ports()).length === 0);
  t.equal(descriptors(), before);
});

t.test('a socket, whose grant ends with the device', async (t) => {
  const attached = await fdbrokerProcess(['attach', monitor, '--network=wire', '--id=s', device], env);
  t.match(attached, { status: 0, stderr: '' });
  t.match(await host.portsOf(guest.pid), [{ network: 'wire', form: 'dgram', ifname: null }]);
  t.match(await detach('s'), { status: 0, stderr: '' });
  t.same(await host.ports(), [], 'there when detach returns');
  t.equal(descriptors(), before);
});
