/** Whom guests on a bridge reach besides each other, by what the kernel says of the bridge, its ports and the host. */
import type { BridgeNetwork } from '../core/config.js';
import type { Link } from '../kernel/kernel.js';
import type { NetworkFacts } from './network.js';
import type { Outlook } from './outlook.js';

type Reach = Pick<NetworkFacts, 'hostReachable' | 'outsideReachable'> &
  Partial<Pick<NetworkFacts, 'uplinks' | 'routed'>>;

/** How guests are on it. */
type OnBridge = Pick<BridgeNetwork, 'bridge' | 'vlan' | 'isolated'>;

/**
 * @param bridge as it is now; one that is down leads nowhere.
 * @returns null where the kernel did not tell, or there was too much to look at.
 */
export function bridgeReach(network: OnBridge, bridge: Link, outlook: Outlook): Reach {
  if (!bridge.up) return { hostReachable: false, outsideReachable: false };
  const vlan = network.vlan ?? (bridge.bridge?.vlanFiltering === true ? bridge.bridge.defaultVlan : undefined);
  const host = outlook.hostOn(bridge, vlan).unwrapOr(undefined);
  const { names, all } = uplinksFor(network, bridge, vlan, outlook);
  const known = names.length > 0 || host?.routes === true;
  return {
    hostReachable: host?.hasAddress ?? null,
    outsideReachable: known || (all && host !== undefined ? false : null),
    uplinks: names,
    routed: host?.routes ?? false,
  };
}

/** The names of the ports that a frame of the network's guests leaves by. */
function uplinksFor(network: OnBridge, bridge: Link, vlan: number | undefined, outlook: Outlook) {
  const uplinks = outlook.uplinksOf(network.bridge, bridge.ifindex).unwrapOr({ links: [], all: false });
  let { all } = uplinks;
  const open = uplinks.links.filter(({ ifindex, port }) => {
    if (network.isolated && port?.isolated === true) return false;
    if (vlan === undefined) return true;
    const vlans = outlook.vlansOf(ifindex);
    if (vlans.isErr()) all = false;
    return vlans.unwrapOr([]).some((member) => member.vlan === vlan);
  });
  return { names: open.map(({ name }) => name), all };
}
