import t from 'tap';
import { isolatedFlag, lockedFlag, PortTable, untaggedFlag, uplinkFlag } from '../../src/switch/port-table.js';

const options = { network: 1, uplink: false, isolated: false, locked: false, maxAddresses: 1 };

t.test('ports by network', async (t) => {
  const ports = new PortTable(4);
  ports.add(2, { ...options, uplink: true, isolated: true, locked: true });
  ports.add(0, options);
  ports.add(3, { ...options, network: 9, untagged: true });
  t.same([...ports.members(1)], [2, 0]);
  t.same([...ports.members(9)], [3]);
  t.equal(ports.flagsOf(2), uplinkFlag | isolatedFlag | lockedFlag);
  t.equal(ports.flagsOf(3), untaggedFlag);
  t.equal(ports.networkOf(3), 9);
  t.same(
    [0, 1, 2, 3, 4].map((port) => ports.has(port)),
    [true, false, true, true, false],
  );
  ports.remove(2);
  ports.remove(3);
  t.same([...ports.members(1)], [0]);
  t.same([...ports.members(9)], []);
  t.notOk(ports.has(2));
});

t.test('addresses are counted up to the limit', async (t) => {
  const ports = new PortTable(1);
  ports.add(0, options);
  t.ok(ports.countAddress(0));
  t.notOk(ports.countAddress(0));
  ports.forgetAddress(0);
  t.equal(ports.addressesOf(0), 0);
  t.ok(ports.countAddress(0));
});
