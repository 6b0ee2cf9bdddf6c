import { chmodSync } from 'node:fs';
import t from 'tap';
import { formatConfigError } from '../../src/config/errors.js';
import {
  warnOfSharedBridges,
  warnOfSharedParents,
  warnOfSharedPools,
  warnOfSharedWires,
  warnOfUnreadable,
} from '../../src/config/warnings.js';
import type { Accounts, MacvtapNetwork, Network } from '../../src/core/config.js';
import { testAccounts } from '../support/accounts.js';
import { bridgeNetwork, interfaceName, macvtapNetwork, name, testConfig } from '../support/policy.js';
import { packetNetwork } from '../support/socket-networks.js';

t.test('networks of one bridge and VLAN that differ in what protects', async (t) => {
  const at = (line: number) => ({ origin: { file: 'a.ini', line } });
  const networks = [
    bridgeNetwork({ name: name('lan'), ...at(1) }),
    bridgeNetwork({ name: name('same'), ...at(2), mtu: 1400, hairpin: true }),
    bridgeNetwork({ name: name('locked'), ...at(3), lockMac: true }),
    bridgeNetwork({ name: name('both'), ...at(4), lockMac: true, isolated: true }),
    bridgeNetwork({ name: name('vlan'), ...at(5), lockMac: true, isolated: true, vlan: 20 }),
    bridgeNetwork({ name: name('bridge'), ...at(6), isolated: true, bridge: interfaceName('br1') }),
  ];
  const shares = 'shares bridge br0 with [network lan], and only one of them has';
  const locked = `${shares} lock-mac = yes: guests of the other can send under any address`;
  t.same(warnOfSharedBridges(testConfig(networks, [])).map(formatConfigError), [
    `a.ini:3: ${locked}`,
    `a.ini:4: ${shares} isolated = yes: guests of the two reach each other all the same`,
    `a.ini:4: ${locked}`,
  ]);
});

t.test('networks of one parent that one guest has for itself', async (t) => {
  const on = (line: number, called: string, mode: MacvtapNetwork['mode'], parent = 'eth1') =>
    macvtapNetwork({ name: name(called), origin: { file: 'a.ini', line }, mode, parent: interfaceName(parent) });
  const warned = (...networks: Network[]) => warnOfSharedParents(testConfig(networks, [])).map(formatConfigError);
  const shares = (line: number, other: string) =>
    `a.ini:${line}: shares parent eth1 with [network ${other}], and with mode = passthru a guest has it for itself: while one of the two has a guest, the other has none`;
  t.same(warned(on(1, 'one', 'passthru'), on(2, 'two', 'passthru'), on(3, 'three', 'vepa')), [
    shares(2, 'one'),
    shares(3, 'one'),
  ]);
  t.same(warned(on(1, 'one', 'bridge'), on(2, 'two', 'private'), on(3, 'three', 'passthru')), [shares(3, 'one')]);
  t.same(warned(on(1, 'one', 'bridge'), on(2, 'two', 'vepa'), on(3, 'three', 'passthru', 'eth2'), bridgeNetwork()), []);
  const pool = { ...on(2, 'two', 'passthru'), pool: true };
  t.same(warned(on(1, 'one', 'bridge'), pool, { ...pool, name: name('three') }), [], 'a pool has one for each guest');
});

t.test('networks of one pool of which not all name a VLAN', async (t) => {
  const on = (line: number, called: string, vlan?: number, parent = 'eth1') => {
    const place = { name: name(called), origin: { file: 'a.ini', line }, parent: interfaceName(parent) };
    const network = macvtapNetwork({ ...place, mode: 'passthru', pool: true });
    return vlan === undefined ? network : { ...network, vlan };
  };
  const warned = (...networks: Network[]) => warnOfSharedPools(testConfig(networks, [])).map(formatConfigError);
  const told = (line: number) =>
    `a.ini:${line}: shares pool eth1 with [network one], and only one of them has vlan =: guests of the other can send into any VLAN, also that one`;
  t.same(warned(on(1, 'one', 7), on(2, 'two', 8), on(3, 'three')), [told(3)]);
  t.same(warned(on(1, 'one'), on(2, 'two'), on(3, 'three', 7)), [told(3)]);
  t.same(warned(on(1, 'one', 7), on(2, 'two', undefined, 'eth2')), []);
  t.same(warned({ ...on(1, 'one', 7), pool: false }, on(2, 'two')), [], 'a parent that is no pool');
});

t.test('packet networks of one interface of which not all name a VLAN', async (t) => {
  const on = (line: number, called: string, vlan?: number, wire = 'eth2') => {
    const place = { name: name(called), origin: { file: 'a.ini', line }, interface: interfaceName(wire) };
    return packetNetwork({ ...place, ...(vlan === undefined ? {} : { vlan }) });
  };
  const warned = (...networks: Network[]) => warnOfSharedWires(testConfig(networks, [])).map(formatConfigError);
  const told = (line: number) =>
    `a.ini:${line}: shares interface eth2 with [network one], and only one of them has vlan =: guests of the other see and send in every VLAN, also that one`;
  t.same(warned(on(1, 'one', 7), on(2, 'two', 8), on(3, 'three')), [told(3)]);
  t.same(warned(on(1, 'one'), on(2, 'two'), on(3, 'three', 7)), [told(3)]);
  t.same(warned(on(1, 'one', 7), on(2, 'two', undefined, 'eth3')), []);
});

t.test('what the broker’s user may not read', async (t) => {
  const folder = t.testdir({ 'a.ini': '', 'conf.d': { 'b.ini': '' } });
  const [file, directory] = [`${folder}/a.ini`, `${folder}/conf.d`];
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  const host = (user: number | undefined, ...groups: number[]): Accounts => ({
    ...testAccounts,
    userId: () => user,
    groupsOf: () => ({ gid: 4_000_000_000, groups }),
  });
  const warned = (accounts: Accounts, mode: number, path = file) => {
    chmodSync(path, mode);
    return warnOfUnreadable('fdbroker', [path, `${folder}/none.ini`], accounts).map(formatConfigError);
  };
  const [stranger, member, owner] = [host(4_000_000_000), host(4_000_000_000, gid), host(uid)];
  t.same(warned(stranger, 0o600), [
    `${file}: the broker's user, fdbroker, may not read it (mode 0600): chmod 0644 ${file}`,
  ]);
  t.same(warned(stranger, 0o644), []);
  t.equal(warned(stranger, 0o640).length, 1);
  t.same(warned(member, 0o640), []);
  t.equal(warned(member, 0o604).length, 1, 'the class that is one’s own counts alone');
  t.same(warned(owner, 0o400), []);
  t.match(warned(stranger, 0o750, directory), [/conf\.d: .* \(mode 0750\): chmod 0755 /]);
  t.same(warned(stranger, 0o755, directory), []);
  t.same(warned(host(undefined), 0o600), [], 'there is no such user');
});
