/** What is no error in a configuration and yet hardly meant. A warning has the shape of an error. */
import { statSync } from 'node:fs';
import type {
  Accounts,
  BridgeNetwork,
  Config,
  ConfigError,
  MacvtapNetwork,
  Origin,
  PacketNetwork,
} from '../core/config.js';

/** Networks that share a bridge and a VLAN while only some of them have what protects a guest from the others. */
export function warnOfSharedBridges({ networks }: Config): ConfigError[] {
  const bridges = [...networks.values()].filter((network): network is BridgeNetwork => network.type === 'bridge');
  return withFirsts(bridges, ({ bridge, vlan }) => `${bridge} ${vlan ?? ''}`).flatMap(([network, first]) => {
    const shared = `shares bridge ${network.bridge} with [network ${first.name}], and only one of them has`;
    return [
      ...(network.isolated === first.isolated
        ? []
        : [warning(network.origin, `${shared} isolated = yes: guests of the two reach each other all the same`)]),
      ...(network.lockMac === first.lockMac
        ? []
        : [warning(network.origin, `${shared} lock-mac = yes: guests of the other can send under any address`)]),
    ];
  });
}

/** Networks on one parent, which is no pool, of which one or more have it for themselves while they have a guest. */
export function warnOfSharedParents({ networks }: Config): ConfigError[] {
  const macvtaps = [...networks.values()].filter(
    (network): network is MacvtapNetwork => network.type === 'macvtap' && !network.pool,
  );
  return macvtaps.flatMap((network, at) => {
    const earlier = macvtaps.slice(0, at).filter(({ parent }) => parent === network.parent);
    const alone = network.mode === 'passthru' ? earlier[0] : earlier.find(({ mode }) => mode === 'passthru');
    if (alone === undefined) return [];
    const shared = `shares parent ${network.parent} with [network ${alone.name}], and with mode = passthru`;
    const what = `${shared} a guest has it for itself: while one of the two has a guest, the other has none`;
    return [warning(network.origin, what)];
  });
}

/** Networks on one pool of which only some name a VLAN: a function without one passes frames with any tag. */
export function warnOfSharedPools({ networks }: Config): ConfigError[] {
  const pools = [...networks.values()].filter(
    (network): network is MacvtapNetwork => network.type === 'macvtap' && network.pool,
  );
  return withFirsts(pools, ({ parent }) => parent).flatMap(([network, first]) => {
    if ((first.vlan === undefined) === (network.vlan === undefined)) return [];
    const shared = `shares pool ${network.parent} with [network ${first.name}], and only one of them has vlan =`;
    return [warning(network.origin, `${shared}: guests of the other can send into any VLAN, also that one`)];
  });
}

/** Packet networks on one interface of which only some name a VLAN: the others have all of its VLANs. */
export function warnOfSharedWires({ networks }: Config): ConfigError[] {
  const wires = [...networks.values()].filter((network): network is PacketNetwork => network.type === 'packet');
  return withFirsts(wires, (network) => network.interface).flatMap(([network, first]) => {
    if ((first.vlan === undefined) === (network.vlan === undefined)) return [];
    const shared = `shares interface ${network.interface} with [network ${first.name}], and only one of them has vlan =`;
    return [warning(network.origin, `${shared}: guests of the other see and send in every VLAN, also that one`)];
  });
}

/**
 * Files and folders that a user may not read, by owner, group and mode; access control lists are not looked at.
 *
 * @param user the broker's own; no warnings where the host has no such user.
 */
export function warnOfUnreadable(user: string, paths: readonly string[], accounts: Accounts): ConfigError[] {
  const uid = accounts.userId(user);
  const groups = accounts.groupsOf(user);
  if (uid === undefined || groups === undefined) return [];
  return paths.flatMap((file) => {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    const mine = stats.uid === uid ? 6 : [groups.gid, ...groups.groups].includes(stats.gid) ? 3 : 0;
    const needed = stats.isDirectory() ? 0o5 : 0o4;
    if (((stats.mode >> mine) & needed) === needed) return [];
    const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
    const remedy = `chmod ${stats.isDirectory() ? '0755' : '0644'} ${file}`;
    return [warning({ file, line: 0 }, `the broker's user, ${user}, may not read it (mode ${mode}): ${remedy}`)];
  });
}

/** Each network with the first that has the same place; left out: those that are the first themselves. */
function withFirsts<T>(networks: readonly T[], placeOf: (network: T) => string): (readonly [network: T, first: T])[] {
  const firsts = new Map<string, T>();
  return networks.flatMap((network) => {
    const place = placeOf(network);
    const first = firsts.get(place);
    if (first !== undefined) return [[network, first] as const];
    firsts.set(place, network);
    return [];
  });
}

function warning({ file, line }: Origin, what: string): ConfigError {
  return { tag: 'config', file, line, what };
}
