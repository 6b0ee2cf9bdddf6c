import { setImmediate as settled } from 'node:timers/promises';
import t from 'tap';
import type { MacvtapNetwork } from '../../src/core/config.js';
import { formatAlias, type Grant } from '../../src/core/grant.js';
import { parseGrantId } from '../../src/core/names.js';
import type { Link } from '../../src/kernel/kernel.js';
import { openMacvtap } from '../../src/networks/macvtap.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { macvtapNetwork, permitFor } from '../support/policy.js';

const id = parseGrantId('1a2b3c4d')._unsafeUnwrap();

function machine(parent: Partial<Link> = {}): FakeKernel {
  const kernel = new FakeKernel();
  kernel.addBridge('eth1', { kind: '', mtu: 1400, ...parent });
  return kernel;
}

async function open(kernel: FakeKernel, network: MacvtapNetwork = macvtapNetwork(), queues = 1) {
  const permit = { ...permitFor(network), queues };
  const grant: Grant = {
    ...{ id, uid: permit.uid, gid: permit.gid, network: permit.network, form: permit.form, mac: permit.mac },
    ...{ holder: 77, since: 1_700_000_000 },
  };
  return { grant, result: await openMacvtap(kernel, network, permit, grant, true) };
}

for (const mode of ['vepa', 'bridge', 'private', 'passthru'] as const) {
  for (const mtu of ['inherit', 1300] as const) {
    t.test(`mode ${mode}, MTU ${mtu}: as the network says, and gone when it is disposed`, async (t) => {
      const kernel = machine();
      const { grant, result } = await open(kernel, macvtapNetwork({ mode, mtu }), 2);
      const port = result._unsafeUnwrap();
      t.equal(port.fds.length, 2);
      t.match(port, { ifname: 'fdb1a2b3c4d', mtu: mtu === 'inherit' ? 1400 : mtu, master: 0, address: grant.mac });
      t.match(kernel.links.get(port.ifindex), {
        ...{ name: 'fdb1a2b3c4d', up: true, alias: formatAlias(grant), address: grant.mac, mtu: port.mtu },
        ...{ kind: 'macvtap', macvtap: { parent: 1, mode, ours: true } },
      });
      const made = kernel.calls.indexOf('createMacvtap');
      t.same(kernel.calls.slice(made, made + 4), ['createMacvtap', 'claimMacvtap', 'openMacvtap', 'openMacvtap']);
      port[Symbol.dispose]();
      await settled();
      t.same(kernel.leftovers(), []);
    });
  }
}

t.test('nothing is left when any call fails', async (t) => {
  const rehearsal = machine();
  await open(rehearsal, macvtapNetwork(), 2);
  for (const [at, call] of rehearsal.calls.entries()) {
    const kernel = machine();
    kernel.failAt(at);
    const { result } = await open(kernel, macvtapNetwork(), 2);
    t.match(result._unsafeUnwrapErr().what, /network "lan".*ENOMEM/, `${call} (call ${at}): the error names both`);
    t.same(kernel.leftovers(), [], `${call} (call ${at}): rolled back`);
  }
});

t.test('a node that udev has not given yet is waited for, while others are served', async (t) => {
  for (const code of ['EACCES', 'ENOENT']) {
    const kernel = machine();
    kernel.failAt(3, code);
    t.equal(kernel.calls.length, 0);
    const opening = open(kernel);
    t.ok(kernel.calls.includes('claimMacvtap'), 'the link is there, and claimed, in the first turn');
    const port = (await opening).result._unsafeUnwrap();
    t.same(kernel.calls.filter((call) => call === 'openMacvtap').length, 2, code);
    t.equal(port.fds.length, 1);
  }
});

t.test('once its descriptors are given away it stays', async (t) => {
  const kernel = machine();
  const port = (await open(kernel)).result._unsafeUnwrap();
  for (const fd of port.fds) fd.release();
  port[Symbol.dispose]();
  await settled();
  t.ok(kernel.links.has(port.ifindex));
  t.notOk(kernel.calls.includes('deleteLink'));
});

t.test('what the kernel says gets a remedy', async (t) => {
  const table: [call: number, code: string, change: Partial<MacvtapNetwork>, expected: RegExp][] = [
    [1, 'EPERM', {}, /EPERM; the broker needs CAP_NET_ADMIN/],
    [1, 'EOPNOTSUPP', {}, /modprobe macvtap/],
    [1, 'EBUSY', {}, /eth1 is a part of something else/],
    [1, 'EINVAL', {}, /eth1 takes no macvtap, or one with mode = passthru is on it/],
    [1, 'EINVAL', { mode: 'passthru' }, /the guest has eth1 for itself, and another/],
    [2, 'EADDRINUSE', {}, /eth1 or another guest on it has that address: choose another/],
    [3, 'ESTALE', {}, /ESTALE/],
  ];
  for (const [call, code, change, expected] of table) {
    const kernel = machine();
    kernel.failAt(call, code);
    const { result } = await open(kernel, macvtapNetwork(change));
    t.match(result._unsafeUnwrapErr().what, expected, code);
    t.same(kernel.leftovers(), [], code);
  }
});

t.test('a parent that cannot serve is refused before anything is made', async (t) => {
  const cases: [parent: Partial<Link>, change: Partial<MacvtapNetwork>, expected: RegExp][] = [
    [{ name: 'eth2' }, {}, /there is no interface eth1/],
    [{ up: false }, {}, /eth1 is down; bring it up with: ip link set eth1 up/],
    [{ address: '' }, {}, /eth1 is no Ethernet interface/],
    [
      { port: { learning: true, locked: false, isolated: false, hairpin: false, flood: true } },
      {},
      /eth1 is a port of a bridge/,
    ],
    [{}, { mtu: 1401 }, /mtu = 1401 is above the 1400 of eth1/],
  ];
  for (const [parent, change, expected] of cases) {
    const kernel = machine(parent);
    const network = macvtapNetwork(change);
    t.match((await open(kernel, network)).result._unsafeUnwrapErr().what, expected);
    t.notOk(kernel.calls.includes('createMacvtap'));
  }
});

t.test(
  'a kernel that answers success and applies nothing, and a link that goes meanwhile, are found out',
  async (t) => {
    for (const [key, value, expected] of [
      ['address', '02:00:00:00:00:09', /did not apply address/],
      ['alias', '', /did not apply alias/],
      ['up', false, /did not apply up/],
      ['macvtap', { parent: 1, mode: 'vepa', ours: true }, /did not apply mode/],
    ] as const) {
      const kernel = machine();
      const { watchMacvtap } = kernel;
      kernel.watchMacvtap = (ifindex) => {
        Object.assign(kernel.links.get(ifindex) ?? {}, { [key]: value });
        return watchMacvtap.call(kernel, ifindex);
      };
      t.match((await open(kernel)).result._unsafeUnwrapErr().what, expected);
      t.same(kernel.leftovers(), []);
    }
    const kernel = machine();
    const { watchMacvtap } = kernel;
    kernel.watchMacvtap = (ifindex) => {
      const watched = watchMacvtap.call(kernel, ifindex);
      kernel.links.delete(ifindex);
      return watched;
    };
    t.match((await open(kernel)).result._unsafeUnwrapErr().what, /the macvtap was deleted meanwhile/);
  },
);
