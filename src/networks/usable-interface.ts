/** The interface that a packet, multicast or QDES network is on. */
import { err, ok, type Result } from 'neverthrow';
import type { MulticastNetwork, PacketNetwork, QdesNetwork } from '../core/config.js';
import type { Kernel, Link } from '../kernel/kernel.js';
import { cannotOpen, type NetworkError, networkError } from './network.js';

/** The interface, by the kernel's word of now, or why it cannot serve the network. */
export function usableInterface(
  kernel: Kernel,
  network: PacketNetwork | MulticastNetwork | QdesNetwork,
): Result<Link, NetworkError> {
  const { name, interface: wanted } = network;
  const refuse = (what: string) => err(networkError(`network "${name}": ${what}`));
  const found = kernel.linkByName(wanted);
  if (found.isErr()) return err(cannotOpen(network, found.error));
  const link = found.value;
  if (link === undefined) {
    return refuse(`there is no interface ${wanted}; name one that "ip link" shows as its interface`);
  }
  if (!link.up) return refuse(`${wanted} is down; bring it up with: ip link set ${wanted} up`);
  return ok(link);
}
