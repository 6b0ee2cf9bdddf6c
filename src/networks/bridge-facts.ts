/** What a bridge network can do now, or why it cannot be used. */
import { err, ok, type Result } from 'neverthrow';
import type { BridgeNetwork } from '../core/config.js';
import type { SysError } from '../core/sys-error.js';
import type { Kernel, Link } from '../kernel/kernel.js';
import { bridgeReach } from './bridge-reach.js';
import { cannotOpen, type NetworkError, type NetworkFacts, needsCapability, networkError } from './network.js';
import type { Outlook } from './outlook.js';

export function describeBridge(outlook: Outlook, network: BridgeNetwork): NetworkFacts {
  const link = usableBridge(outlook.kernel, network, true);
  const bridge = link.unwrapOr(undefined);
  const down = bridge?.up === false ? whatIsDown(network) : null;
  return {
    on: network.bridge,
    mtu: network.mtu === 'inherit' ? (bridge?.mtu ?? null) : network.mtu,
    guestsReachEachOther: !network.isolated,
    ...(bridge === undefined
      ? { hostReachable: false, outsideReachable: false }
      : bridgeReach(network, bridge, outlook)),
    ...((network.lockMac || network.isolated || network.vlan !== undefined) && { filteredBy: ['bridge' as const] }),
    ...(bridge !== undefined && network.mtu !== 'inherit' && network.mtu > bridge.mtu
      ? { caution: `larger frames than the ${bridge.mtu} bytes of ${network.bridge} reach only ports with such an MTU` }
      : {}),
    problem: link.isErr() ? link.error.what : down,
  };
}

/** A port of such a bridge is in order, and carries nothing until it is up. */
export function whatIsDown({ bridge }: BridgeNetwork): string {
  return `the bridge ${bridge} is down; ip link set ${bridge} up`;
}

/**
 * Why the bridge cannot serve the network, or the bridge.
 *
 * @param anew asks the kernel for all of it. Else whether it filters VLANs may be of an earlier time.
 */
export function usableBridge(
  kernel: Kernel,
  network: BridgeNetwork,
  anew = network.vlan !== undefined,
): Result<Link, NetworkError> {
  const { name, bridge } = network;
  const found = anew ? kernel.linkByName(bridge) : kernel.knownLink(bridge);
  if (found.isErr()) return err(cannot(network, found.error));
  const link = found.value;
  if (link === undefined) {
    return err(
      networkError(
        `network "${name}": there is no interface ${bridge}; make it with: ip link add ${bridge} up type bridge`,
      ),
    );
  }
  if (link.kind !== 'bridge') {
    return err(networkError(`network "${name}": ${bridge} is not a bridge; name a bridge in its section`));
  }
  if (network.vlan !== undefined && link.bridge?.vlanFiltering !== true) {
    return err(
      networkError(
        `network "${name}": vlan = ${network.vlan} needs VLAN filtering on ${bridge}; turn it on with: ip link set ${bridge} type bridge vlan_filtering 1`,
      ),
    );
  }
  if (network.mtu !== 'inherit' && network.mtu < link.mtu) {
    return err(
      networkError(
        `network "${name}": mtu = ${network.mtu} is below the ${link.mtu} of ${bridge} and would lower the whole bridge's; say mtu = inherit`,
      ),
    );
  }
  return ok(link);
}

export function cannot(network: BridgeNetwork, error: SysError): NetworkError {
  return cannotOpen(network, error, {
    EPERM: needsCapability('CAP_NET_ADMIN'),
    EACCES: 'the broker may not open /dev/net/tun: give it to its group or make it 0666',
    ENOENT: '/dev/net/tun is missing: modprobe tun',
    EXFULL: `${network.bridge} has no room for another port (a bridge holds 1023)`,
  });
}
