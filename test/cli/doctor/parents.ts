/** What can be wrong with a parent of macvtaps, and what is only a surprise. */
import t from 'tap';
import type { LinkFacts } from '../../../src/cli/doctor/links.js';
import type { NetworkFacts } from '../../../src/cli/doctor/networks.js';
import { examineParents } from '../../../src/cli/doctor/parents.js';
import { lines } from '../../support/fake-host.js';

const link: LinkFacts = {
  ...{ index: 2, name: 'eth1', up: true, carrier: true, mtu: 1500, address: '52:54:00:00:00:01' },
  ...{ kind: undefined, master: undefined, bridge: {} },
};
const wire: NetworkFacts = {
  ...{ name: 'wire', type: 'macvtap', allowed: true, bridge: null, parent: 'eth1' },
  ...{ mtu: null, vlan: null, lockMac: false },
};
const found = (links: readonly LinkFacts[] | undefined, networks: readonly NetworkFacts[] = [wire]) =>
  lines(examineParents(links, networks));

const good = [
  'ok eth1 is up and has a carrier',
  "hint guests on eth1 cannot reach this host's addresses there, nor the host them: macvtaps are so | type = bridge for those who need the host",
];

t.test('there, up, with a carrier', async (t) => {
  t.same(found([link]), good);
  t.same(found([link], [wire, { ...wire, name: 'other' }]), good, 'once for all its networks');
  t.match(found([]), [/^problem there is no interface eth1, which wire is on \| ip link show, .* parent = INTERFACE /]);
  t.same(found([{ ...link, up: false }], [wire, { ...wire, name: 'other' }]), [
    'problem eth1 is down, and wire, other are on it | sudo ip link set eth1 up',
  ]);
  t.match(found([{ ...link, carrier: false }]), [/^hint eth1 has no carrier: .* \| ip link show eth1, /]);
  t.same(found([link], [{ ...wire, bridge: 'br0', parent: undefined } as unknown as NetworkFacts]), []);
});

t.test('a part of something else', async (t) => {
  const part = (kind: string, change: Partial<NetworkFacts> = {}) =>
    found(
      [
        { ...link, master: 'up0' },
        { ...link, index: 3, name: 'up0', kind },
      ],
      [{ ...wire, ...change }],
    );
  const taken = 'problem eth1 is a part of up0, which leaves no frames to macvtaps, and wire is on it | ';
  t.same(part('bridge'), [`${taken}type = bridge and bridge = up0 in fdbroker.ini, then: sudo fdbroker reload`]);
  t.same(part('bond'), [`${taken}parent = up0 in fdbroker.ini, then: sudo fdbroker reload`]);
  t.same(part('vrf'), good);
  t.same(part('bridge', { pool: true }), [good[0]], 'which is nothing to virtual functions');
});

t.test("the broker's word", async (t) => {
  const wrong = 'network "wire": it cannot be used';
  t.match(found([], [{ ...wire, problem: null }]), [/^hint eth1 is not in your network namespace; [^|]*$/]);
  t.same(found([link], [{ ...wire, problem: wrong }]), [...good, `problem ${wrong}`], 'what is not seen from here');
  t.equal(found([{ ...link, up: false }], [{ ...wire, problem: wrong }]).length, 1, 'what is seen is said once');
  t.match(found(undefined, [{ ...wire, problem: wrong }]), [/^hint ip .* eth1 .* \| sudo apt-get install/, wrong]);
});
