/** A running guest gets another network, and loses it, by QEMU's monitor. */
import t from 'tap';
import { Host, openPolicy, prepareHost } from '../support/host.js';

prepareHost();
const host = await Host.start(t, openPolicy.replace('max-ports = 4', 'max-ports = 1'));
const guest = await host.guest({ nics: [] });
const netdev = { type: 'tap', id: 'hot', helper: host.helper, br: 'lan' };

t.test('netdev_add and device_add', async (t) => {
  t.same(await host.ports(), []);
  await guest.qmp.execute('netdev_add', netdev);
  await guest.qmp.execute('device_add', {
    driver: 'virtio-net-pci',
    id: 'nic',
    netdev: 'hot',
    mac: '02:00:5e:00:01:00',
  });
  await guest.must('until [ -e /sys/class/net/eth0 ]; do sleep 0.1; done');
  await guest.configure('10.0.0.2/24');
  t.equal(await guest.ping('10.0.0.1'), 3);
  t.match(await host.portsOf(guest.pid), [{ network: 'lan', state: 'up' }]);
});

t.test('a refused netdev_add leaves the guest as it is', async (t) => {
  await t.rejects(guest.qmp.execute('netdev_add', { ...netdev, id: 'more' }), { message: 'bridge helper failed' });
  t.match(await host.audited({ event: 'refused' }), { network: 'lan', reason: /allows 1 port over/ });
  t.equal(await guest.ping('10.0.0.1'), 3);
});

t.test('device_del and netdev_del end the grant', async (t) => {
  const [port] = await host.portsOf(guest.pid);
  await guest.qmp.execute('device_del', { id: 'nic' });
  await guest.must('while [ -e /sys/class/net/eth0 ]; do sleep 0.1; done');
  await guest.qmp.execute('netdev_del', { id: 'hot' });
  t.match(await host.audited({ event: 'ended' }), { grant: port?.grant, holder: guest.pid });
  t.same(await host.ports(), []);
});
