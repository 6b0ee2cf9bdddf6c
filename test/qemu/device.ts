/** What a NIC is told of its grant, and that nothing which was said is said again. */
import t from 'tap';
import { completeDevice, deviceProperties, readDevice } from '../../src/qemu/device.js';
import type { Backend } from '../../src/qemu/netdev.js';

const mac = '52:54:00:00:00:01';
const one: Backend = { form: 'tap', mac, mtu: 1500, server: false, fds: ['3'], vhostFds: [] };
const two: Backend = { ...one, fds: ['3', '4'] };
const jumbo: Backend = { ...one, mtu: 9000 };

t.test('which netdev a device names', async (t) => {
  t.match(readDevice('virtio-net-pci,netdev=n0,mac=x'), { netdev: 'n0', driver: 'virtio-net-pci', mac: 'x' });
  t.match(readDevice('driver=e1000,netdev=n0'), { netdev: 'n0', driver: 'e1000', mac: undefined });
  t.match(readDevice('{"driver":"e1000","netdev":"n0"}'), { netdev: 'n0', driver: 'e1000', mac: undefined });
  for (const text of ['', 'virtio-rng-pci', '{"driver":"e1000"}', "{'driver':'e1000','netdev':'n0'}", '{']) {
    t.equal(readDevice(text), undefined, text);
  }
});

const cases: [device: string, backend: Backend, completed: string][] = [
  ['e1000,netdev=n0', one, `e1000,netdev=n0,mac=${mac}`],
  ['e1000,netdev=n0,', one, `e1000,netdev=n0,mac=${mac}`],
  ['e1000,netdev=n0', two, `e1000,netdev=n0,mac=${mac}`],
  ['e1000,netdev=n0', jumbo, `e1000,netdev=n0,mac=${mac}`],
  ['e1000,netdev=n0,mac=x,romfile=a,,b', one, 'e1000,netdev=n0,mac=x,romfile=a,,b'],
  ['virtio-net-pci,netdev=n0', one, `virtio-net-pci,netdev=n0,mac=${mac}`],
  ['virtio-net-pci,netdev=n0', two, `virtio-net-pci,netdev=n0,mac=${mac},mq=on,vectors=6`],
  ['virtio-net-pci,netdev=n0,mq=off,mac=x', two, 'virtio-net-pci,netdev=n0,mq=off,mac=x,vectors=6'],
  ['virtio-net-pci,netdev=n0,mq,vectors=0,mac=x', two, 'virtio-net-pci,netdev=n0,mq,vectors=0,mac=x'],
  ['virtio-net-pci,netdev=n0', jumbo, `virtio-net-pci,netdev=n0,mac=${mac},host_mtu=9000`],
  ['virtio-net-pci,netdev=n0,host_mtu=2000', jumbo, `virtio-net-pci,netdev=n0,host_mtu=2000,mac=${mac}`],
  ['virtio-net-device,netdev=n0', two, `virtio-net-device,netdev=n0,mac=${mac},mq=on`],
  [
    'virtio-net-pci-non-transitional,netdev=n0,mac=x',
    two,
    'virtio-net-pci-non-transitional,netdev=n0,mac=x,mq=on,vectors=6',
  ],
  ['{"driver":"e1000", "netdev":"n0" }', one, `{"driver":"e1000", "netdev":"n0" ,"mac":"${mac}"}`],
  [
    '{"driver":"virtio-net-pci","netdev":"n0","mq":false}',
    { ...two, mtu: 1400 },
    `{"driver":"virtio-net-pci","netdev":"n0","mq":false,"mac":"${mac}","vectors":6,"host_mtu":1400}`,
  ],
];
for (const [text, backend, completed] of cases) {
  const device = readDevice(text);
  if (device === undefined) throw new Error(text);
  t.equal(completeDevice(text, device, backend), completed);
}

t.same(deviceProperties('virtio-net-pci', { ...two, mtu: 9000 }), [
  ['mac', mac],
  ['mq', true],
  ['vectors', 6],
  ['host_mtu', 9000],
]);
