/** A configuration for tests, as config/ would make it, and permits from it by the real rules. */

import { decide } from '../../src/acl/decide.js';
import { compilePolicy } from '../../src/acl/policy.js';
import { Ledger } from '../../src/broker/ledger.js';
import type { BridgeNetwork, Config, MacvtapNetwork, Network, Rule } from '../../src/core/config.js';
import type { Credentials } from '../../src/core/credentials.js';
import { parseMac } from '../../src/core/mac.js';
import { parseInterfaceName, parseNetworkName } from '../../src/core/names.js';
import type { Permit } from '../../src/core/permit.js';

export const name = (text: string) => parseNetworkName(text)._unsafeUnwrap();
export const interfaceName = (text: string) => parseInterfaceName(text)._unsafeUnwrap();
export const mac = (text: string) => parseMac(text)._unsafeUnwrap();

export function bridgeNetwork(change: Partial<BridgeNetwork> = {}): BridgeNetwork {
  return {
    ...{ type: 'bridge', name: name('lan'), origin: { file: 'test.ini', line: 1 }, bridge: interfaceName('br0') },
    ...{ mtu: 'inherit', isolated: false, lockMac: false, hairpin: false, vhost: 'auto' },
    ...change,
  };
}

export function macvtapNetwork(change: Partial<MacvtapNetwork> = {}): MacvtapNetwork {
  return {
    ...{ type: 'macvtap', name: name('lan'), origin: { file: 'test.ini', line: 1 }, parent: interfaceName('eth1') },
    ...{ pool: false, mode: 'bridge', mtu: 'inherit', vhost: 'no' },
    ...change,
  };
}

export function allowRule(change: Partial<Rule> = {}): Rule {
  return {
    ...{ name: 'all', origin: { file: 'test.ini', line: 10 }, effect: 'allow', users: ['*'], groups: [] },
    ...{ networks: [name('lan')], vhost: 'no' },
    ...change,
  };
}

export function testConfig(networks: readonly Network[], rules: readonly Rule[]): Config {
  return {
    broker: { socketMode: 0o600, maxConnections: 256, spareTaps: 16 },
    networks: new Map(networks.map((network) => [network.name, network])),
    rules,
    deniedMembers: new Map(),
    subordinates: [],
    files: ['test.ini'],
  };
}

export function credentials(uid: number, change: Partial<Credentials> = {}): Credentials {
  return { pid: 4242, uid, gid: uid, groups: [], ...change };
}

export function permitFor(network: Network, uid = 1000, address = '52:54:00:12:34:56'): Permit {
  const policy = compilePolicy(testConfig([network], [allowRule({ networks: [network.name] })]));
  const ask = { network: network.name, form: 'tap', mac: mac(address) } as const;
  return decide(policy, credentials(uid), ask, new Ledger())._unsafeUnwrap();
}
