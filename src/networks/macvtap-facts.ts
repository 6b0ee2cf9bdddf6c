/** What a macvtap network can do now, or why it cannot be used. */
import { err, ok, type Result } from 'neverthrow';
import type { MacvtapNetwork } from '../core/config.js';
import type { SysError } from '../core/sys-error.js';
import type { Kernel, Link } from '../kernel/kernel.js';
import { type NetworkError, type NetworkFacts, networkError } from './network.js';

/** Whether guests on the same parent reach each other: in mode vepa that is for the switch at the wire's end to do. */
const guestsReachEachOther = { bridge: true, vepa: null, private: false, passthru: false } as const;

export function describeMacvtap(kernel: Kernel, network: MacvtapNetwork): NetworkFacts {
  const parent = usableParent(kernel, network);
  const mtu = parent.isOk() ? parent.value.mtu : null;
  return {
    on: network.parent,
    mtu: network.mtu === 'inherit' ? mtu : network.mtu,
    guestsReachEachOther: guestsReachEachOther[network.mode],
    // The host's own frames go out by the parent, past its macvtaps
    hostReachable: false,
    outsideReachable: true,
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

export function cannot(network: MacvtapNetwork, error: SysError): NetworkError {
  const { name, parent, mode } = network;
  const remedy: Record<string, string> = {
    EPERM:
      '; the broker needs CAP_NET_ADMIN in the namespace of its networks (a broker of a user has none on the host)',
    EACCES: "; the macvtap's node is not for the broker: install the udev rule 60-fdbroker.rules (fdbroker.ini(5))",
    ENOENT: "; the macvtap's node did not appear in /dev, which must be a devtmpfs",
    EOPNOTSUPP: '; the kernel has no macvtap: modprobe macvtap',
    EBUSY: `; ${parent} is a part of something else (a bridge, a bond), which leaves no frames to a macvtap`,
    EINVAL:
      mode === 'passthru'
        ? `; with mode = passthru the guest has ${parent} for itself, and another macvtap or macvlan is on it`
        : `; ${parent} takes no macvtap, or one with mode = passthru is on it`,
    EADDRINUSE: `; ${parent} or another guest on it has that address: choose another`,
    EMFILE: '; the broker is out of descriptors: raise LimitNOFILE',
  };
  const failed = networkError(`network "${name}" cannot be opened`, error);
  return { ...failed, what: `${failed.what}${remedy[error.code] ?? ''}` };
}
