/** Which networks are looked at, and whether the caller may use any. */
import type { AllowedNetwork } from '../../acl/allowed.js';
import type { Config } from '../../core/config.js';
import type { NetworkListing } from '../../protocol/listing.js';
import { type Finding, fine, hint, problem, shellWord } from './finding.js';

const check = 'network';

/** One network, by the broker's word or by the configuration's. */
export interface NetworkFacts {
  readonly name: string;
  readonly type: string;
  /** Whether the caller may use it. */
  readonly allowed: boolean;
  /** null: it is on none. */
  readonly bridge: string | null;
  /** Of macvtaps, the interface that they are on; left out: of another type. */
  readonly parent?: string;
  /** Whether its guests get virtual functions of the parent; left out: no. */
  readonly pool?: boolean;
  /** Bytes without the Ethernet header; null: the bridge's, or unknown. */
  readonly mtu: number | null;
  readonly vlan: number | null;
  readonly lockMac: boolean;
  /** Ports of the caller and how many there may be, where the broker told; null: no limit. */
  readonly ports?: { readonly used: number; readonly most: number | null };
  /** What the broker says is wrong, null: nothing; left out: it was not asked. */
  readonly problem?: string | null;
}

export interface Known {
  /** The broker's answer to the verb `networks`; undefined: it gave none. */
  readonly listing: readonly NetworkListing[] | undefined;
  /** undefined: it may not be read, or is refused. */
  readonly config: Config | undefined;
  /** What the configuration's rules allow the caller. */
  readonly allowed: readonly AllowedNetwork[];
}

/**
 * What the caller may use, and for root every other network of the configuration. Without a broker's answer the
 * configuration tells, where it may be read.
 */
export function networksToExamine({ listing, config, allowed }: Known, root: boolean): NetworkFacts[] {
  const told = (listing ?? []).map((one): NetworkFacts => {
    const { name, type, bridge, mtu, vlan, lockMac, usedPorts, maxPorts } = one;
    const ports = { used: usedPorts, most: maxPorts };
    const macvtaps = type === 'macvtap' ? { parent: one.on, pool: one.filteredBy.includes('device') } : {};
    return { name, type, allowed: true, bridge, mtu, vlan, lockMac, ...macvtaps, ports, problem: one.problem };
  });
  const configured = [...(config?.networks.values() ?? [])].flatMap((network): NetworkFacts[] => {
    if (told.some(({ name }) => name === network.name)) return [];
    const mine = listing === undefined && allowed.some((one) => one.network === network.name);
    if (!mine && !root) return [];
    const { name, type } = network;
    const facts = { name, type, allowed: mine, bridge: null, mtu: null, vlan: null, lockMac: false };
    if (network.type === 'macvtap') return [{ ...facts, parent: network.parent, pool: network.pool }];
    if (network.type !== 'bridge') return [facts];
    const { bridge, mtu, vlan, lockMac } = network;
    return [{ ...facts, bridge, mtu: mtu === 'inherit' ? null : mtu, vlan: vlan ?? null, lockMac }];
  });
  return [...told, ...configured];
}

/** Whether anybody may have a tap of several queues, as far as is known here. */
export function giveSeveralQueues({ listing, config }: Pick<Known, 'listing' | 'config'>): boolean {
  const told = (listing ?? []).some(({ type, maxQueues }) => type === 'bridge' && maxQueues > 1);
  const rules = (config?.rules ?? []).filter(({ effect, maxQueues = 1 }) => effect === 'allow' && maxQueues > 1);
  return told || rules.some(({ networks }) => networks.some((one) => config?.networks.get(one)?.type === 'bridge'));
}

export interface Asker {
  /** Whether the broker answered. */
  readonly asked: boolean;
  /** Whether the configuration was read, so that it can tell in the broker's place. */
  readonly readable: boolean;
  /** Name or number of the caller. */
  readonly user: string;
  /** Where fdbroker-helper is. */
  readonly helper: string;
}

export function examineNetworks(networks: readonly NetworkFacts[], asker: Asker): Finding[] {
  if (!asker.asked && !asker.readable) return [];
  const mine = networks.filter(({ allowed }) => allowed);
  if (mine.length === 0) {
    const wanted = `effect = allow, user[] = ${asker.user}, and network[] = its name`;
    const explain = `fdbroker explain --network ${shellWord(networks[0]?.name ?? 'NAME')}`;
    return [problem(check, `no rule lets you use a network; one has to say ${wanted}`, explain)];
  }
  return mine.flatMap((network) => examineNetwork(network, asker));
}

function examineNetwork({ name, ports, lockMac, problem: wrong }: NetworkFacts, { asked, helper }: Asker): Finding[] {
  const findings: Finding[] = [];
  if (ports?.most !== undefined && ports.most !== null && ports.used >= ports.most) {
    const what = `${name}: you have all of the ${ports.most} ports that its rule gives; "fdbroker ports" shows whose they are`;
    findings.push(problem(check, what, 'fdbroker release GRANT'));
  } else if (wrong === undefined || wrong === null) {
    findings.push(fine(check, `${name}: you may use it${asked ? '' : ', by the configuration'}`));
  }
  if (lockMac) {
    const what = `${name}: its ports pass one address only, which the request has to name and the device to have`;
    const mac = '52:54:00:12:34:56';
    const command = shellWord(`${helper} --network=${name} --mac=${mac}`);
    const line = `-netdev tap,id=n0,helper=${command} -device virtio-net-pci,netdev=n0,mac=${mac}`;
    findings.push(hint(check, what, line));
  }
  return findings;
}
