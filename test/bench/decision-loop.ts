/** Decides again and again in a process of its own, which has the broker's V8 flags. Argument: how many rules. */
import { pathToFileURL } from 'node:url';
import { decide, type Usage } from '../../src/acl/decide.js';
import { compilePolicy } from '../../src/acl/policy.js';
import type { Config, Network, Rule } from '../../src/core/config.js';
import type { Credentials } from '../../src/core/credentials.js';
import { parseInterfaceName, parseNetworkName } from '../../src/core/names.js';
import { median } from './statistics.js';

export interface Decision {
  readonly name: string;
  /** Median over many. */
  readonly microseconds: number;
}

const origin = { file: 'bench.ini', line: 1 };
const networkName = (index: number) => parseNetworkName(`net${index}`)._unsafeUnwrap();
const bridge = parseInterfaceName('br0')._unsafeUnwrap();
const flags = { mtu: 'inherit', isolated: false, lockMac: false, hairpin: false, vhost: 'auto' } as const;
const usage: Usage = { portsOf: () => 3, macInUse: () => false };
const crowd = 9000;

function network(index: number): Network {
  return { type: 'bridge', name: networkName(index), origin, bridge, ...flags };
}

/** Ten rules for each network: for users of its own, and for one group that all share. */
function configuration(rules: number): Config {
  const count = Math.ceil(rules / 10);
  return {
    broker: { socketMode: 0o660, maxConnections: 256, spareTaps: 16 },
    networks: new Map(Array.from({ length: count }, (_, index) => [networkName(index), network(index)])),
    rules: Array.from({ length: rules }, (_, index): Rule => {
      const whom =
        Math.floor(index / count) % 2 === 0
          ? { users: [1000 + index], groups: [] }
          : { users: [], groups: [5000 + index, crowd] };
      const networks = [networkName(index % count)];
      return { name: `rule${index}`, origin, effect: 'allow', ...whom, networks, maxPorts: 16, vhost: 'no' };
    }),
    deniedMembers: new Map(),
    subordinates: [],
    files: ['bench.ini'],
  };
}

/** All rules are for one network and match one group. */
function crowdedConfiguration(rules: number): Config {
  const { rules: spread, ...config } = configuration(rules);
  return { ...config, rules: spread.map((rule) => ({ ...rule, groups: [crowd], networks: [networkName(0)] })) };
}

function measure(name: string, allowed: boolean, config: Config, caller: Omit<Credentials, 'pid'>): Decision {
  const policy = compilePolicy(config);
  const ask = { network: networkName(0), form: 'tap' } as const;
  const batch = 50;
  const times = Array.from({ length: 100 }, () => {
    const start = performance.now();
    let permits = 0;
    for (let i = 0; i < batch; i++) permits += Number(decide(policy, { pid: 1, ...caller }, ask, usage).isOk());
    const each = ((performance.now() - start) * 1000) / batch;
    if (permits !== (allowed ? batch : 0)) throw new Error(`${name}: ${permits} of ${batch} were permitted`);
    return each;
  });
  return { name, microseconds: median(times.slice(20)) };
}

function main(rules: number): Decision[] {
  const spread = configuration(rules);
  const groups = Array.from({ length: 32 }, (_, index) => 70_000 + index);
  return [
    measure('allowed by name', true, spread, { uid: 1000, gid: 1, groups: [] }),
    measure('allowed by the last of 32 groups', true, spread, { uid: 2, gid: 2, groups: [...groups, crowd] }),
    measure('denied', false, spread, { uid: 2, gid: 2, groups }),
    measure('every rule allows it', true, crowdedConfiguration(rules), { uid: 2, gid: crowd, groups: [] }),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(JSON.stringify(main(Number(process.argv[2]))));
}
