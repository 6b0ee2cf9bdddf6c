/** What an error of the kernel's means for a macvtap network, and what mends it. */
import type { MacvtapNetwork } from '../core/config.js';
import type { SysError } from '../core/sys-error.js';
import { cannotOpen, type NetworkError, needsCapability } from './network.js';

export function cannot(network: MacvtapNetwork, error: SysError): NetworkError {
  const { parent, mode } = network;
  return cannotOpen(network, error, {
    EPERM: needsCapability('CAP_NET_ADMIN'),
    EACCES: "the macvtap's node is not for the broker: install the udev rule 60-fdbroker.rules (fdbroker.ini(5))",
    ENOENT: "the macvtap's node did not appear in /dev, which must be a devtmpfs",
    EOPNOTSUPP: 'the kernel has no macvtap: modprobe macvtap',
    EBUSY: `${parent} is a part of something else (a bridge, a bond), which leaves no frames to a macvtap`,
    EINVAL:
      mode === 'passthru'
        ? `with mode = passthru the guest has ${parent} for itself, and another macvtap or macvlan is on it`
        : `${parent} takes no macvtap, or one with mode = passthru is on it`,
    EADDRINUSE: `${parent} or another guest on it has that address: choose another`,
    EADDRNOTAVAIL: `the driver of ${parent} lets it take no other address`,
  });
}
