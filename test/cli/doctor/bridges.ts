/** What can be wrong with a bridge, and what is only a surprise. */
import t from 'tap';
import { bridgesWithoutUplink, examineBridges } from '../../../src/cli/doctor/bridges.js';
import type { LinkFacts } from '../../../src/cli/doctor/links.js';
import type { NetworkFacts } from '../../../src/cli/doctor/networks.js';
import { type FakeHostParts, fakeHost, lines } from '../../support/fake-host.js';

const address = '52:54:00:00:00:01';
const base: LinkFacts = {
  ...{ index: 5, name: 'br0', up: true, carrier: true, mtu: 1500, address },
  ...{ kind: 'bridge', master: undefined, bridge: {} },
};
const br0 = (change: Partial<LinkFacts> = {}): LinkFacts => ({ ...base, ...change });
const eth0 = br0({ index: 2, name: 'eth0', kind: undefined, master: 'br0', address: '52:54:00:00:00:02' });
const tap = br0({ index: 9, name: 'fdb1a2b3c4d', kind: 'tun', master: 'br0', address: 'fe:fd:1a:2b:3c:4d' });
const lan: NetworkFacts = {
  ...{ name: 'lan', type: 'bridge', allowed: true, bridge: 'br0' },
  ...{ mtu: null, vlan: null, lockMac: false },
};

const found = (links: readonly LinkFacts[] | undefined, networks: NetworkFacts[] = [lan], parts: FakeHostParts = {}) =>
  lines(examineBridges(fakeHost(parts), links, networks));
/** The one finding of a bridge with an uplink. */
const of = (change: Partial<LinkFacts>, network: Partial<NetworkFacts> = {}) =>
  found([br0(change), eth0], [{ ...lan, ...network }]);

const good = 'ok br0 is up, with MTU 1500 and 1 port';

t.test('there, a bridge, up', async (t) => {
  t.same(of({}), [good]);
  t.same(found([br0(), eth0], [lan, { ...lan, name: 'lab' }]), [good], 'once for all its networks');
  t.same(found([]), [
    'problem there is no interface br0, which lan is on | sudo ip link add br0 type bridge && sudo ip link set br0 up',
  ]);
  t.match(found([], [lan, { ...lan, name: 'lab' }]), [/which lan, lab are on/]);
  t.match(of({ kind: undefined }), [/^problem br0 is not a bridge; lan is on it.* \| ip link show type bridge$/]);
  t.same(of({ up: false }), ['problem br0 is down | sudo ip link set br0 up']);
  t.match(found([], [{ ...lan, bridge: 'b$' }]), [/ip link add 'b\$' type/], 'names are quoted');
});

t.test("the broker's word", async (t) => {
  const wrong = 'network "lan": it cannot be used';
  t.match(found([], [{ ...lan, problem: null }]), [/^hint br0 is not in your network namespace; [^|]*$/]);
  t.same(of({}, { problem: wrong }), [good, `problem ${wrong}`], 'what is not seen from here');
  t.equal(of({ up: false }, { problem: 'br0 is down' }).length, 1, 'what is seen is said once');
  t.same(found([], [{ ...lan, bridge: null, problem: wrong }]), [`problem ${wrong}`]);
  t.same(found([br0(), eth0], [lan, { ...lan, bridge: null, problem: wrong }]), [good, `problem ${wrong}`]);
  t.same(found([], []), []);
  const wire = { ...lan, bridge: null, parent: 'eth1', problem: wrong };
  t.same(found([br0(), eth0], [lan, wire]), [good], 'of a parent others tell');
  t.match(found(undefined, [{ ...lan, problem: wrong }]), [/^hint ip .* \| sudo apt-get install iproute2$/, wrong]);
});

t.test('what a network wants', async (t) => {
  t.same(of({}, { vlan: 20 }), [
    'problem lan: vlan = 20 needs VLAN filtering on br0 | sudo ip link set br0 type bridge vlan_filtering 1',
  ]);
  t.same(of({ bridge: { vlan_filtering: 1 } }, { vlan: 20 }), [good]);
  t.match(of({}, { mtu: 1400 }), [
    /^problem lan: mtu = 1400 is below the 1500 of br0.* \| mtu = inherit in \[network lan]/,
  ]);
  t.same(of({}, { mtu: 1500 }), [good]);
  t.match(of({}, { mtu: 9000 }), [/^hint lan: mtu = 9000 is above the 1500 .* \| sudo ip link set br0 mtu 9000$/]);
});

t.test('surprises', async (t) => {
  t.match(of({ mtu: 1400 })[1], /^hint br0 has MTU 1400: .* \| -device virtio-net-pci,host_mtu=1400 …$/);
  t.equal(of({ mtu: 9000 }).length, 1);
  t.match(
    of({ bridge: { stp_state: 1, forward_delay: 1500 } })[1],
    /^hint br0 runs spanning tree: a new guest waits 30 s .* \| sudo ip link set br0 type bridge stp_state 0$/,
  );
  t.equal(of({ bridge: { stp_state: 0, forward_delay: 1500 } }).length, 1);
  t.equal(of({ bridge: { stp_state: 1, forward_delay: 0 } }).length, 1);
});

t.test('its own address', async (t) => {
  const sys = (type: string, index = '5', own = address) => ({
    files: {
      '/sys/class/net/br0/addr_assign_type': type,
      '/sys/class/net/br0/ifindex': index,
      '/sys/class/net/br0/address': own,
    },
  });
  const taken = /^hint br0 has no address of its own .* \| sudo ip link set br0 address 52:54:00:00:00:01$/;
  t.match(found([br0(), eth0], [lan], sys('1'))[1], taken);
  t.equal(found([br0(), eth0], [lan], sys('3')).length, 1);
  t.equal(found([br0(), eth0], [lan], sys('1', '6')).length, 1, 'the br0 of another namespace');
  t.equal(found([br0(), eth0], [lan], sys('1', '5', '52:54:00:00:00:09')).length, 1);
  t.match(found([br0(), { ...eth0, address }])[1], taken, "a port's address");
});

t.test('uplinks', async (t) => {
  t.match(found([br0(), tap])[1], /^hint br0 has ports of guests only: .* \| sudo ip link set INTERFACE master br0$/);
  t.match(found([br0(), { ...eth0, up: false }])[1], /carrier: eth0 \| sudo ip link set eth0 up$/);
  t.match(found([br0(), { ...eth0, carrier: false }])[1], /^hint /);
  t.equal(found([br0(), { ...eth0, up: false }, { ...eth0, name: 'eth1' }]).length, 1, 'one is enough');
  const names = [lan, { ...lan, bridge: 'eth0' }, { ...lan, bridge: 'none' }];
  t.same(bridgesWithoutUplink([br0(), tap, { ...eth0, master: undefined }], names), ['br0']);
  t.same(bridgesWithoutUplink([br0(), eth0], names), []);
});
