import t from 'tap';
import type { BridgeNetwork } from '../../src/core/config.js';
import { formatAlias, type Grant } from '../../src/core/grant.js';
import { parseGrantId, tapName } from '../../src/core/names.js';
import type { Tap } from '../../src/kernel/kernel.js';
import { openBridge } from '../../src/networks/bridge.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { bridgeNetwork, permitFor } from '../support/policy.js';

const id = parseGrantId('1a2b3c4d')._unsafeUnwrap();

function open(kernel: FakeKernel, network: BridgeNetwork, spare?: Tap) {
  const permit = permitFor(network);
  const grant: Grant = {
    ...{ id, uid: permit.uid, gid: permit.gid, network: permit.network, form: permit.form, mac: permit.mac },
    ...{ holder: 77, since: 1_700_000_000 },
  };
  return { grant, result: openBridge(kernel, network, permit, grant, true, spare) };
}

const variants: Record<string, Partial<BridgeNetwork>> = {
  plain: {},
  isolated: { isolated: true, hairpin: true },
  locked: { lockMac: true },
  'locked in a VLAN': { lockMac: true, vlan: 20 },
  'fixed MTU': { mtu: 9000 },
};

for (const [title, change] of Object.entries(variants)) {
  const network = bridgeNetwork(change);
  const machine = () => {
    const kernel = new FakeKernel();
    kernel.addBridge('br0', { mtu: 1400, bridge: { vlanFiltering: true, defaultVlan: 1 } });
    return kernel;
  };

  t.test(`${title}: the port is as the network says`, async (t) => {
    const kernel = machine();
    const { grant, result } = open(kernel, network);
    using port = result._unsafeUnwrap();
    const link = kernel.links.get(port.ifindex);
    t.match(link, {
      name: 'fdb1a2b3c4d',
      up: true,
      master: 1,
      alias: formatAlias(grant),
      address: 'fe:fd:1a:2b:3c:4d',
    });
    t.equal(link?.mtu, change.mtu ?? 1400);
    t.match(link?.port, {
      learning: change.lockMac !== true,
      locked: change.lockMac === true,
      isolated: change.isolated === true,
      hairpin: change.hairpin === true,
    });
    t.equal(kernel.entries.size, change.lockMac === true ? 1 : 0);
    t.equal(kernel.vlans.get(port.ifindex)?.[0]?.vlan, change.vlan);
    const joined = kernel.calls.indexOf('enslave');
    const raised = kernel.calls.indexOf('setPortUp');
    t.ok(joined >= 0 && joined < raised, 'it joins while it is down');
    const policy = [kernel.calls.indexOf('addStaticEntry'), kernel.calls.indexOf('setAccessVlan')];
    t.ok(
      policy.every((at) => at < raised),
      'up after all policy',
    );
    const plain = title === 'plain' || title === 'fixed MTU';
    if (plain) t.same(kernel.calls.slice(joined), ['enslave', 'setPortUp'], 'there is no policy to read back');
    else t.ok(kernel.calls.slice(raised).includes('linkByIndex'), 'policy is read back');
  });

  t.test(`${title}: nothing is left when any call fails`, async (t) => {
    const calls = machine();
    const { result } = open(calls, network);
    result._unsafeUnwrap()[Symbol.dispose]();
    t.same(calls.leftovers(), [], 'nor when it is closed');
    for (const [at, call] of calls.calls.entries()) {
      const kernel = machine();
      kernel.failAt(at);
      const failed = open(kernel, network).result;
      t.ok(failed.isErr(), `${call} (call ${at}) fails`);
      t.same(kernel.leftovers(), [], `${call} (call ${at}): rolled back`);
      t.match(failed._unsafeUnwrapErr().what, /network "lan".*ENOMEM/, `${call} (call ${at}): the error names both`);
    }
  });
}

t.test('a spare tap becomes the port as it would be without, and is closed when any call fails', async (t) => {
  const machine = () => {
    const kernel = new FakeKernel();
    kernel.addBridge('br0', { bridge: { vlanFiltering: true, defaultVlan: 1 } });
    const spare = kernel.openTap(tapName(id))._unsafeUnwrap();
    kernel.calls.length = 0;
    return { kernel, spare };
  };
  for (const change of Object.values(variants)) {
    const network = bridgeNetwork(change);
    const { kernel, spare } = machine();
    const port = open(kernel, network, spare).result._unsafeUnwrap();
    t.notOk(kernel.calls.includes('openTap'));
    t.match(port, { ifname: 'fdb1a2b3c4d', ifindex: spare.ifindex, fds: [spare.fd] });
    t.match(kernel.links.get(spare.ifindex), { up: true, master: 1, alias: /^fdbroker grant=1a2b3c4d / });
    for (const [at, call] of kernel.calls.entries()) {
      const failing = machine();
      failing.kernel.failAt(at);
      t.ok(open(failing.kernel, network, failing.spare).result.isErr(), call);
      t.same(failing.kernel.leftovers(), [], call);
    }
  }
  const { kernel, spare } = machine();
  t.ok(open(kernel, bridgeNetwork({ mtu: 1000 }), spare).result.isErr(), 'a bridge that cannot serve');
  t.same(kernel.leftovers(), []);
});

t.test('a bridge that cannot serve is refused before anything is made', async (t) => {
  const cases: [string, Partial<BridgeNetwork>, (kernel: FakeKernel) => void, RegExp][] = [
    ['missing', {}, () => {}, /no interface br0; make it with: ip link add br0 up type bridge/],
    ['no bridge', {}, (kernel) => kernel.addBridge('br0', { kind: 'dummy' }), /br0 is not a bridge/],
    ['no VLAN filtering', { vlan: 5 }, (kernel) => kernel.addBridge('br0'), /vlan_filtering 1/],
    ['MTU too small', { mtu: 1000 }, (kernel) => kernel.addBridge('br0'), /mtu = 1000 is below the 1500 of br0/],
    [
      "the bridge's own address",
      {},
      (kernel) => kernel.addBridge('br0', { address: '52:54:00:12:34:56' }),
      /the bridge's own address/,
    ],
  ];
  for (const [title, change, prepare, expected] of cases) {
    const kernel = new FakeKernel();
    prepare(kernel);
    t.match(open(kernel, bridgeNetwork(change)).result._unsafeUnwrapErr().what, expected, title);
    t.notOk(kernel.calls.includes('openTap'), title);
  }
});

t.test('an address that is in use on the bridge is refused and rolled back', async (t) => {
  const kernel = new FakeKernel();
  kernel.addBridge('br0');
  kernel.entries.set('1 52:54:00:12:34:56 0', 99);
  const failed = open(kernel, bridgeNetwork({ lockMac: true })).result;
  t.match(failed._unsafeUnwrapErr().what, /52:54:00:12:34:56 is in use on br0/);
  t.same(kernel.openFds.size, 0);
});

t.test('a kernel that answers success and applies nothing is found out', async (t) => {
  for (const [field, value] of [
    ['locked', false],
    ['learning', true],
  ] as const) {
    const kernel = new FakeKernel();
    kernel.addBridge('br0');
    const { setPortUp } = kernel;
    kernel.setPortUp = (ifindex, port) => setPortUp.call(kernel, ifindex, { ...port, [field]: value });
    const failed = open(kernel, bridgeNetwork({ lockMac: true })).result;
    t.match(failed._unsafeUnwrapErr().what, new RegExp(`did not apply ${field}`));
    t.same(kernel.leftovers(), []);
  }
});
