/** Whom guests on a bridge reach: on the real kernel, and on one that fails or has VLANs where this one may not. */
import t, { type Test } from 'tap';
import type { BridgeNetwork } from '../../src/core/config.js';
import { describeBridge } from '../../src/networks/bridge-facts.js';
import { mostLooks, Outlook } from '../../src/networks/outlook.js';
import { until } from '../support/daemon.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { addBridge, addPort, ipLink, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { bridgeNetwork } from '../support/policy.js';

inPrivateNamespace();

/** A real bridge br0 without addresses, with a port of a guest's, and a host that does not route. */
function machine(t: Test) {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  sh(`echo 1 >/proc/sys/net/ipv6/conf/br0/disable_ipv6; echo 0 >/proc/sys/net/ipv4/conf/br0/forwarding`);
  return (change: Partial<BridgeNetwork> = {}) => {
    const facts = describeBridge(new Outlook(kernel), bridgeNetwork(change));
    const { hostReachable: host, outsideReachable: outside, uplinks, routed } = facts;
    return { host, outside, uplinks, routed };
  };
}

const nowhere = { host: false, outside: false, uplinks: [], routed: false };

t.test('the host, by an address of either family, and beyond it where it routes', async (t) => {
  const reach = machine(t);
  t.same(reach(), nowhere);
  sh('ip address add 192.0.2.1/24 dev br0');
  t.same(reach(), { ...nowhere, host: true });
  sh('echo 1 >/proc/sys/net/ipv4/conf/br0/forwarding');
  t.same(reach(), { host: true, outside: true, uplinks: [], routed: true });
  sh('ip address flush dev br0');
  t.same(reach(), nowhere);
  sh('echo 0 >/proc/sys/net/ipv6/conf/br0/disable_ipv6; ip address replace fe80::1/64 dev br0');
  t.same(reach(), { ...nowhere, host: true });
  sh('ip link set br0 down');
  t.match(reach(), { host: false, outside: false }, 'a bridge that is down leads nowhere');
});

t.test('the outside, by a port that is up, has a carrier, and is no guest', async (t) => {
  const reach = machine(t);
  sh('ip link add eth0 type veth peer name wire; ip link set eth0 master br0 up');
  t.teardown(() => sh('ip link del eth0'));
  t.same(reach(), nowhere, 'no carrier');
  sh('ip link set wire up');
  await until(() => ipLink('eth0').flags.includes('LOWER_UP'));
  t.same(reach(), { ...nowhere, outside: true, uplinks: ['eth0'] });
  sh('bridge link set dev eth0 isolated on');
  t.same(reach({ isolated: true }), nowhere, 'isolated ports do not reach one that is isolated too');
  t.match(reach(), { outside: true });
  sh('ip link set eth0 down');
  t.same(reach(), nowhere);
});

t.test('with VLAN filtering, on the real kernel', async (t) => {
  const kernel = openKernel(t);
  try {
    addBridge(t, 'br0', 'vlan_filtering 1');
  } catch (error) {
    if (!/not supported/i.test(String(error))) throw error;
    t.comment('this kernel has no CONFIG_BRIDGE_VLAN_FILTERING; test/qemu/debian-kernel.ts runs this on one that has');
    return;
  }
  sh(`echo 1 >/proc/sys/net/ipv6/conf/br0/disable_ipv6; echo 0 >/proc/sys/net/ipv4/conf/default/forwarding
ip link add trunk type veth peer name wire; ip link set trunk master br0 up; ip link set wire up
bridge vlan add dev trunk vid 20; bridge vlan add dev br0 vid 20 self
ip address add 192.0.2.1/24 dev br0`);
  t.teardown(() => sh('ip link del trunk'));
  await until(() => ipLink('trunk').flags.includes('LOWER_UP'));
  const reach = (vlan?: number) => {
    const network = bridgeNetwork(vlan === undefined ? {} : { vlan });
    const { hostReachable: host, outsideReachable: outside } = describeBridge(new Outlook(kernel), network);
    return { host, outside };
  };
  t.same(reach(), { host: true, outside: true }, "all are in the bridge's default VLAN");
  t.same(reach(30), { host: false, outside: false });
  t.same(reach(20), { host: false, outside: true }, "the bridge's address is in another VLAN");
  sh(
    'ip link add link br0 name office type vlan id 20; ip address add 198.51.100.1/24 dev office; ip link set office up',
  );
  t.same(reach(20), { host: true, outside: true });
  sh('ip link set office down; bridge vlan del dev trunk vid 20');
  t.same(reach(20), { host: false, outside: false });
});

/** A bridge that filters VLANs, of which the host has 20, with two ways out: a trunk for 20, and eth1 for the default. */
function filtering() {
  const kernel = new FakeKernel();
  const bridge = kernel.addBridge('br0', { bridge: { vlanFiltering: true, defaultVlan: 1 } });
  const trunk = kernel.addBridge('trunk', { kind: '', master: bridge.ifindex });
  const eth1 = kernel.addBridge('eth1', { kind: '', master: bridge.ifindex });
  kernel.vlans.set(bridge.ifindex, [{ vlan: 20, pvid: true, untagged: true }]);
  kernel.vlans.set(trunk.ifindex, [{ vlan: 20, pvid: false, untagged: false }]);
  kernel.vlans.set(eth1.ifindex, [{ vlan: 1, pvid: true, untagged: true }]);
  kernel.surroundings.host.set(bridge.ifindex, { hasAddress: true, routes: true });
  return { kernel, bridge };
}

t.test('with VLAN filtering: within the VLAN alone', async (t) => {
  const { kernel } = filtering();
  const reach = (vlan?: number) =>
    describeBridge(new Outlook(kernel), bridgeNetwork(vlan === undefined ? {} : { vlan }));
  t.match(reach(20), { hostReachable: true, outsideReachable: true, uplinks: ['trunk'], routed: true });
  t.match(reach(30), { hostReachable: false, outsideReachable: false, uplinks: [], routed: false });
  t.match(reach(), { hostReachable: false, outsideReachable: true, uplinks: ['eth1'], routed: false });
});

t.test('what the kernel does not tell is not known', async (t) => {
  for (const call of ['hostOnLink', 'portVlans', 'bridgePorts', 'linkByIndex']) {
    const { kernel } = filtering();
    const known = describeBridge(new Outlook(kernel), bridgeNetwork({ vlan: 20 }));
    const at = kernel.calls.indexOf(call);
    t.ok(at > 0, call);
    kernel.failAt(at, 'ENOBUFS');
    const facts = describeBridge(new Outlook(kernel), bridgeNetwork({ vlan: 20 }));
    t.equal(facts.problem, null);
    t.ok(facts.hostReachable === null || facts.hostReachable === known.hostReachable, `${call}: the host`);
    t.not(facts.outsideReachable, false, `${call}: outside`);
  }
});

t.test('too many ports to look at', async (t) => {
  const kernel = new FakeKernel();
  const bridge = kernel.addBridge('br0');
  for (let port = 0; port <= mostLooks; port++) kernel.addBridge(`tap${port}`, { kind: 'tun', master: bridge.ifindex });
  t.match(describeBridge(new Outlook(kernel), bridgeNetwork()), { outsideReachable: null, hostReachable: false });
});
