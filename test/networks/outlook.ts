/** How much is asked of the kernel for a listing, whatever there is; what it says on the real one: bridge-reach.ts. */
import t from 'tap';
import type { Link } from '../../src/kernel/kernel.js';
import { leadsOut, mostLooks, Outlook } from '../../src/networks/outlook.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { interfaceName } from '../support/policy.js';

const br0 = interfaceName('br0');

/** A bridge with so many ports that are up: links of that kind. */
function machine(ports: number, kind = 'tun') {
  const kernel = new FakeKernel();
  const bridge = kernel.addBridge('br0');
  const made = Array.from({ length: ports }, (_, at) =>
    kernel.addBridge(`port${at}`, { kind, master: bridge.ifindex, carrier: true }),
  );
  return { kernel, bridge, made };
}

t.test('a link leads out when frames given to it can leave', async (t) => {
  const { made } = machine(1, '');
  const link = made[0] as Link;
  for (const kind of ['', 'veth', 'bond', 'vlan', 'vxlan', 'macvlan']) t.ok(leadsOut({ ...link, kind }), kind);
  for (const kind of ['tun', 'macvtap', 'dummy']) t.notOk(leadsOut({ ...link, kind }), kind);
  t.notOk(leadsOut({ ...link, up: false }));
  t.notOk(leadsOut({ ...link, carrier: false }));
});

t.test('ports of the broker are not looked at, however many', async (t) => {
  const { kernel, bridge, made } = machine(1000);
  const uplink = kernel.addBridge('eth0', { kind: '', master: bridge.ifindex });
  const ours = new Set(made.map(({ ifindex }) => ifindex));
  const outlook = new Outlook(kernel, (ifindex) => ours.has(ifindex));
  t.same(outlook.uplinksOf(br0, bridge.ifindex)._unsafeUnwrap(), { links: [uplink], all: true });
  t.same(kernel.calls, ['bridgePorts', 'linkByIndex']);
  outlook.uplinksOf(br0, bridge.ifindex)._unsafeUnwrap();
  t.equal(kernel.calls.length, 2, 'and a bridge is looked at once');
});

t.test("of others' ports few are looked at, over all bridges", async (t) => {
  const { kernel, bridge } = machine(mostLooks - 1);
  const second = kernel.addBridge('br1');
  const first = kernel.addBridge('eth0', { kind: '', master: second.ifindex });
  kernel.addBridge('eth1', { kind: '', master: second.ifindex });
  const outlook = new Outlook(kernel);
  t.same(outlook.uplinksOf(br0, bridge.ifindex)._unsafeUnwrap(), { links: [], all: true });
  const rest = outlook.uplinksOf(interfaceName('br1'), second.ifindex)._unsafeUnwrap();
  t.same(rest, { links: [first], all: false });
  t.equal(kernel.calls.filter((call) => call === 'linkByIndex').length, mostLooks);
});

t.test('a port that went meanwhile, and a kernel that does not tell', async (t) => {
  const { kernel, bridge, made } = machine(2, '');
  const [gone, left] = made as [Link, Link];
  kernel.surroundings.bridgePorts = () => new FakeKernel().listLinks().map(() => [gone.ifindex, left.ifindex]);
  kernel.links.delete(gone.ifindex);
  t.same(new Outlook(kernel).uplinksOf(br0, bridge.ifindex)._unsafeUnwrap(), { links: [left], all: true });
  kernel.failAt(0, 'ENOBUFS');
  t.equal(new Outlook(kernel).uplinksOf(br0, bridge.ifindex)._unsafeUnwrapErr().code, 'ENOBUFS');
});

t.test('the host in a VLAN: on the bridge, or on an interface on top of it', async (t) => {
  const { kernel, bridge } = machine(0);
  const here = { hasAddress: true, routes: true };
  const nobody = { hasAddress: false, routes: false };
  const hostIn = (vlan?: number) => new Outlook(kernel).hostOn(bridge, vlan)._unsafeUnwrap();
  kernel.surroundings.host.set(bridge.ifindex, here);
  t.same(hostIn(), here);
  t.same(hostIn(20), nobody, 'the bridge is not in the VLAN');
  kernel.vlans.set(bridge.ifindex, [
    { vlan: 1, pvid: true, untagged: true },
    { vlan: 20, pvid: false, untagged: false },
    { vlan: 30, pvid: false, untagged: false },
  ]);
  t.same(hostIn(1), here);
  t.same(hostIn(20), nobody, 'nothing takes the tagged frames');
  kernel.surroundings.above.push({ ifindex: 91, on: bridge.ifindex, vlan: 20, up: true });
  kernel.surroundings.above.push({ ifindex: 92, on: bridge.ifindex, vlan: 30, up: false });
  for (const ifindex of [91, 92]) kernel.surroundings.host.set(ifindex, here);
  t.same(hostIn(20), here);
  t.same(hostIn(30), nobody, 'an interface that is down');
});

t.test('each fact is asked for once', async (t) => {
  const { kernel, bridge } = machine(0);
  kernel.vlans.set(bridge.ifindex, [{ vlan: 20, pvid: false, untagged: false }]);
  const outlook = new Outlook(kernel);
  for (let times = 0; times < 3; times++) {
    outlook.hostOn(bridge)._unsafeUnwrap();
    outlook.hostOn(bridge, 20)._unsafeUnwrap();
  }
  t.same(kernel.calls, ['hostOnLink', 'portVlans', 'vlanLinks']);
  t.ok(outlook.vhost);
  kernel.surroundings.vhost = false;
  t.ok(outlook.vhost, 'as vhost-net is');
  t.notOk(new Outlook(kernel).vhost);
});
