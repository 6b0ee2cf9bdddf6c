/** What is around a bridge, on the real kernel: its ports, VLANs on top of it, and the host's own IP there. */
import t from 'tap';
import { addBridge, addPort, ifname, ipLink, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';

inPrivateNamespace();
const br0 = ifname('br0');

t.test("a bridge's ports, in the order in which they joined", async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  t.same(kernel.surroundings.bridgePorts(br0)._unsafeUnwrap(), []);
  sh('ip link add eth0 type veth peer name wire; ip link set wire master br0');
  t.teardown(() => sh('ip link del eth0'));
  const taps = ['tap0', 'tap1'].map((name) => addPort(t, kernel, name, bridge, 'fe:fd:00:00:00:01').ifindex);
  sh('ip link set eth0 up');
  t.same(kernel.surroundings.bridgePorts(br0)._unsafeUnwrap(), [ipLink('wire').ifindex, ...taps]);
  sh('ip link set wire nomaster');
  t.same(kernel.surroundings.bridgePorts(br0)._unsafeUnwrap(), taps);
});

t.test('a bridge that is gone', async (t) => {
  t.equal(openKernel(t).surroundings.bridgePorts(br0)._unsafeUnwrapErr().code, 'ENODEV');
});

t.test('the host on a link: addresses of that link alone, and forwarding where they can be routed', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const other = addBridge(t, 'br1');
  const host = () => kernel.surroundings.hostOnLink(bridge)._unsafeUnwrap();
  sh('ip address flush dev br0; ip address add 192.0.2.1/24 dev br1; ip address add 2001:db8::1/64 dev br1');
  t.same(host(), { hasAddress: false, routes: false }, 'those of another are not its');
  sh('ip address add fe80::1/64 dev br0');
  sysctl('net/ipv6/conf/all/forwarding', 1);
  t.same(host(), { hasAddress: true, routes: false }, 'a link-local one');
  sh('ip address add 2001:db8:1::1/64 dev br0');
  t.same(host(), { hasAddress: true, routes: true }, 'IPv6, forwarded');
  sysctl('net/ipv6/conf/all/forwarding', 0);
  t.same(host(), { hasAddress: true, routes: false }, 'IPv6, not forwarded');
  sh('ip address flush dev br0; ip address add 198.51.100.1/24 dev br0');
  sysctl('net/ipv4/conf/br0/forwarding', 0);
  sysctl('net/ipv4/conf/br1/forwarding', 1);
  t.same(host(), { hasAddress: true, routes: false }, 'IPv4, forwarded from another link alone');
  sysctl('net/ipv4/conf/br0/forwarding', 1);
  t.same(host(), { hasAddress: true, routes: true }, 'IPv4, forwarded');
  t.same(kernel.surroundings.hostOnLink(other)._unsafeUnwrap(), { hasAddress: true, routes: true });
});

t.test('the addresses of a link by family, and none that may be another host’s', async (t) => {
  const { surroundings } = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const on = (six: boolean) => surroundings.addressesOn(bridge, six)._unsafeUnwrap();
  sh('ip link add eth0 type veth peer name wire; ip link set wire master br0 up; ip link set eth0 up');
  t.teardown(() => sh('ip link del eth0'));
  sh('ip address flush dev br0');
  t.same([on(false), on(true)], [[], []]);
  sh('ip address add 192.0.2.2/24 dev br0; ip address add 192.0.2.1/24 dev br0');
  t.same(on(false), ['c0000201', 'c0000202']);
  sh('ip address add fe80::1/64 dev br0 nodad; ip address add 2001:db8::1/64 dev br0 nodad');
  t.same(on(true), ['20010db8000000000000000000000001', 'fe800000000000000000000000000001']);
  sh('ip address add 2001:db8::2/64 dev br0');
  t.equal(on(true).length, 2, 'the kernel asks the others first');
});

t.test('a link that is gone has no addresses, or none that are told', async (t) => {
  const found = openKernel(t).surroundings.hostOnLink(0x7fff_ffff);
  t.notOk(found.map(({ hasAddress }) => hasAddress).unwrapOr(false));
});

t.test('interfaces for VLANs of a link', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  t.same(kernel.surroundings.vlanLinks()._unsafeUnwrap(), []);
  try {
    sh('ip link add link br0 name office type vlan id 20');
  } catch (error) {
    t.comment(`this kernel makes no VLANs: ${error}`);
    return;
  }
  sh('ip link add link br0 name workshop type vlan id 30; ip link set workshop up');
  t.same(kernel.surroundings.vlanLinks()._unsafeUnwrap(), [
    { ifindex: ipLink('office').ifindex, on: bridge, vlan: 20, up: false },
    { ifindex: ipLink('workshop').ifindex, on: bridge, vlan: 30, up: true },
  ]);
});

function sysctl(name: string, value: number): void {
  sh(`echo ${value} >/proc/sys/${name}`);
}
