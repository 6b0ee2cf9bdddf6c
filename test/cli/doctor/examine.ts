/** All checks together, in their order, on a host that has next to nothing. */
import { err, ok } from 'neverthrow';
import t from 'tap';
import { type Case, examine } from '../../../src/cli/doctor/examine.js';
import type { NetworkListing } from '../../../src/protocol/listing.js';
import { testAccounts } from '../../support/accounts.js';
import { fakeHost } from '../../support/fake-host.js';
import { allowRule, bridgeNetwork, testConfig } from '../../support/policy.js';

const socket = '/run/fdbroker/control';
const missing = err({ tag: 'no-broker', socket, reason: 'missing' } as const);
const status = ok({ version: '1.0.0', pid: 7, since: 0, config: { state: 'ok' as const } });
const alice = { uid: 1000, gid: 1000, groups: [1000], name: 'alice' };
const file = '/etc/fdbroker/fdbroker.ini';
const base: Case = {
  ...{ caller: alice, accounts: testAccounts, version: '1.0.0', asked: { socket, status: missing }, networks: missing },
  ...{ configuration: { file, config: err([]), own: false }, helperPlaces: ['/h'], qemu: undefined },
};
const found = (change: Partial<Case>) => examine(fakeHost(), { ...base, ...change });
const checks = (change: Partial<Case>) => [...new Set(found(change).map(({ check }) => check))];

const rest = ['forwarding', 'device', 'module', 'user-namespace', 'network-manager', 'helper', 'qemu'];
t.same(checks({}), ['socket', ...rest], 'what nobody can tell is left out');

const config = ok(testConfig([bridgeNetwork()], [allowRule()]));
const read = { configuration: { file, config, own: false } };
t.same(checks(read), ['socket', 'configuration', 'network', 'bridge', ...rest], 'the rules are read without a broker');

const listing = { name: 'lab', type: 'bridge', bridge: 'br1', problem: null, maxPorts: null } as NetworkListing;
const answered = { ...read, asked: { socket, status }, networks: ok([listing]) };
t.ok(found(answered).some(({ what }) => what === 'lab: you may use it'));
t.notOk(
  found(answered).some(({ what }) => what.startsWith('lan: ')),
  'the broker knows better than the file',
);
const root = { ...answered, caller: { uid: 0, gid: 0, groups: [0], name: 'root' } };
t.equal(found(root).filter(({ check }) => check === 'network').length, 1, 'to root too');

const wire = { ...listing, type: 'macvtap', bridge: null, on: 'eth1', filteredBy: [], maxQueues: 1 } as NetworkListing;
const macvtaps = found({ ...answered, networks: ok([wire, { ...listing, maxQueues: 2 }]) });
t.ok(
  macvtaps.some(({ check, what }) => check === 'parent' && what.includes('eth1')),
  'a parent is looked at',
);

const closed = { asked: { socket, status }, networks: err({ tag: 'closed', socket } as const) };
const failed = found(closed).find(({ check }) => check === 'network');
t.match(failed, { level: 'problem', what: /closed the connection without an answer/ }, 'it answered once only');
