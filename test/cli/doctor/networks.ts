/** Which networks are looked at, and what is said of the caller's right to them. */
import t from 'tap';
import { allowedNetworks } from '../../../src/acl/allowed.js';
import { compilePolicy } from '../../../src/acl/policy.js';
import {
  examineNetworks,
  giveSeveralQueues,
  type NetworkFacts,
  networksToExamine,
} from '../../../src/cli/doctor/networks.js';
import type { Network, Rule } from '../../../src/core/config.js';
import type { NetworkListing } from '../../../src/protocol/listing.js';
import { lines } from '../../support/fake-host.js';
import {
  allowRule,
  bridgeNetwork,
  credentials,
  interfaceName,
  macvtapNetwork,
  name,
  testConfig,
} from '../../support/policy.js';

const told = {
  name: 'lan',
  type: 'bridge',
  bridge: 'br0',
  mtu: 1500,
  vlan: null,
  lockMac: false,
  usedPorts: 1,
  maxPorts: 3,
};
const listing = [{ ...told, problem: null } as NetworkListing];
const wide = bridgeNetwork({ name: name('wide'), bridge: interfaceName('br1'), mtu: 9000, vlan: 20, lockMac: true });
const config = testConfig([bridgeNetwork(), wide], [allowRule({ users: [1000], networks: [name('wide')] })]);
const allowed = allowedNetworks(compilePolicy(config), credentials(1000));

t.test('which networks', async (t) => {
  const lan: NetworkFacts = {
    ...{ name: 'lan', type: 'bridge', allowed: true, bridge: 'br0', mtu: 1500, vlan: null, lockMac: false },
    ...{ ports: { used: 1, most: 3 }, problem: null },
  };
  const facts = { name: 'wide', type: 'bridge', allowed: false, bridge: 'br1', mtu: 9000, vlan: 20, lockMac: true };
  t.same(networksToExamine({ listing, config, allowed }, false), [lan], "the broker's word counts");
  t.same(networksToExamine({ listing, config, allowed }, true), [lan, facts], 'root sees to all');
  const offline = { listing: undefined, config, allowed };
  t.same(networksToExamine(offline, false), [{ ...facts, allowed: true }]);
  t.match(networksToExamine(offline, true), [
    { name: 'lan', allowed: false, mtu: null },
    { name: 'wide', allowed: true },
  ]);
  t.same(networksToExamine({ listing: undefined, config: undefined, allowed: [] }, true), []);
});

t.test('networks of macvtaps have a parent', async (t) => {
  const wire = { ...told, name: 'wire', type: 'macvtap', on: 'eth1', bridge: null, filteredBy: [], problem: null };
  const functions = { ...wire, name: 'functions', on: 'eth2', filteredBy: ['device'] };
  const answered = { listing: [wire, functions] as unknown as NetworkListing[], config: undefined, allowed: [] };
  t.match(networksToExamine(answered, false), [
    { name: 'wire', bridge: null, parent: 'eth1', pool: false },
    { name: 'functions', bridge: null, parent: 'eth2', pool: true },
  ]);
  const read = testConfig([macvtapNetwork({ mode: 'passthru', pool: true })], []);
  const [found] = networksToExamine({ listing: undefined, config: read, allowed: [] }, true);
  t.match(found, { name: 'lan', type: 'macvtap', bridge: null, parent: 'eth1', pool: true });
});

t.test('whether anybody may have a tap of several queues', async (t) => {
  const several = (change: Partial<Rule>, network: Network = bridgeNetwork()) =>
    giveSeveralQueues({ listing: undefined, config: testConfig([network], [allowRule(change)]) });
  t.ok(several({ maxQueues: 2 }));
  t.notOk(several({ maxQueues: 1 }));
  t.notOk(several({}));
  t.notOk(several({ maxQueues: 2, effect: 'deny' }));
  t.notOk(several({ maxQueues: 2, networks: [name('other')] }));
  t.notOk(several({ maxQueues: 2 }, macvtapNetwork()), 'a macvtap is not made by that node');
  const asked = (maxQueues: number, type: string) =>
    giveSeveralQueues({ listing: [{ ...told, type, maxQueues } as NetworkListing], config: undefined });
  t.ok(asked(2, 'bridge'));
  t.notOk(asked(1, 'bridge'));
  t.notOk(asked(2, 'macvtap'));
});

t.test('what the caller may', async (t) => {
  const one = {
    ...{ name: 'lan', type: 'bridge', allowed: true },
    bridge: 'br0',
    mtu: null,
    vlan: null,
    lockMac: false,
  };
  const found = (networks: NetworkFacts[], asked = true, readable = false) =>
    lines(examineNetworks(networks, { asked, readable, user: 'alice', helper: '/h' }));
  const none = /^problem no rule lets you use a network; .* user\[] = alice, .* \| fdbroker explain --network /;
  t.same(found([one]), ['ok lan: you may use it']);
  t.same(found([one], false, true), ['ok lan: you may use it, by the configuration']);
  t.same(found([], false, false), [], 'nobody can tell');
  t.match(found([]), [none]);
  t.match(found([], false, true), [/--network NAME$/]);
  t.match(found([{ ...one, allowed: false }]), [/--network lan$/]);
  const full = { ...one, ports: { used: 3, most: 3 } };
  t.match(found([full]), [/^problem lan: you have all of the 3 ports .* \| fdbroker release GRANT$/]);
  t.match(found([{ ...one, ports: { used: 3, most: null } }]), [/^ok/]);
  t.match(found([{ ...one, ports: { used: 2, most: 3 } }]), [/^ok/]);
  t.same(found([{ ...one, problem: 'br0 is down' }]), [], 'the bridges tell');
  t.match(
    found([{ ...one, lockMac: true }])[1],
    /^hint lan: its ports pass one address only, .*,helper='\/h --network=lan --mac=52:/,
  );
});
