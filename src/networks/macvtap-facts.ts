/** What a macvtap network can do now, or why it cannot be used. */
import { err, ok, type Result } from 'neverthrow';
import type { MacvtapNetwork } from '../core/config.js';
import type { Kernel, Link } from '../kernel/kernel.js';
import { cannot } from './macvtap-error.js';
import { freeFunctions } from './macvtap-pool.js';
import { type NetworkError, type NetworkFacts, networkError } from './network.js';
import { hostCaution, type Outlook, outsideBy } from './outlook.js';

/** Whether guests on the same parent reach each other: in mode vepa that is for the switch at the wire's end to do. */
const guestsReachEachOther = { bridge: true, vepa: null, private: false, passthru: false } as const;

export function describeMacvtap(outlook: Outlook, network: MacvtapNetwork): NetworkFacts {
  const usable = usableParent(outlook.kernel, network);
  const parent = network.pool
    ? usable.andThen((physical) => freeFunctions(outlook, network, physical).map(([[, link]]) => link))
    : usable;
  const mtu = parent.isOk() ? parent.value.mtu : null;
  return {
    on: network.parent,
    mtu: network.mtu === 'inherit' ? mtu : network.mtu,
    // Functions of one card reach each other, and the host, as its own switch lets them
    guestsReachEachOther: network.pool ? null : guestsReachEachOther[network.mode],
    // The host's own frames go out by the parent, past its macvtaps
    hostReachable: network.pool ? null : false,
    // A function that is free is down: the way out is its physical one's
    ...outsideBy(parent.andThen(() => usable).unwrapOr(undefined)),
    ...(network.pool ? { filteredBy: ['device' as const] } : { caution: hostCaution(network.parent) }),
    problem: parent.isErr() ? parent.error.what : null,
  };
}

/** Why the parent cannot serve the network, or the parent. */
export function usableParent(kernel: Kernel, network: MacvtapNetwork): Result<Link, NetworkError> {
  const { name, parent } = network;
  const refuse = (what: string) => err(networkError(`network "${name}": ${what}`));
  const found = kernel.linkByName(parent);
  if (found.isErr()) return err(cannot(network, found.error));
  const link = found.value;
  if (link === undefined) return refuse(`there is no interface ${parent}; name one that "ip link" shows as its parent`);
  if (link.address === '') return refuse(`${parent} is no Ethernet interface; a macvtap needs one as its parent`);
  if (!link.up) return refuse(`${parent} is down; bring it up with: ip link set ${parent} up`);
  // How the physical function is used is nothing to its virtual ones
  if (network.pool) return ok(link);
  if (link.port !== undefined) {
    return refuse(
      `${parent} is a port of a bridge, which leaves no frames to a macvtap; name another parent, or use type = bridge on that bridge`,
    );
  }
  if (network.mtu !== 'inherit' && network.mtu > link.mtu) {
    return refuse(
      `mtu = ${network.mtu} is above the ${link.mtu} of ${parent}; say mtu = inherit, or raise the parent's`,
    );
  }
  return ok(link);
}
