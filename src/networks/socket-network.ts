/** What networks of sockets have in common. */
import type { Endpoint, Guarding, MulticastNetwork, QdesNetwork, TcpNetwork, UdpNetwork } from '../core/config.js';
import { formatEndpoint } from '../core/endpoint.js';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { cannotOpen, type NetworkError, type NetworkFacts, type OpenedSocket, type Remedies } from './network.js';

/** Ethernet's own: the sockets take larger frames, of which guests need to know nothing. */
export const plainMtu = 1500;

/** @param told what is not as of every socket. */
export function openedSocket(
  fd: OwnedFd,
  told: Partial<Pick<OpenedSocket, 'mtu' | 'server' | 'to'>> = {},
): OpenedSocket {
  return {
    ...{ fds: [fd], ifname: null, ifindex: null, mtu: plainMtu },
    ...told,
    [Symbol.dispose]: () => fd.close(),
  };
}

/** Nothing is tried: what is at the far end shows when the network is opened. */
export function socketFacts(on: string): NetworkFacts {
  const reach = { guestsReachEachOther: false, hostReachable: false, outsideReachable: null };
  return { on, mtu: plainMtu, ...reach, problem: null };
}

/**
 * @param at the address that the call was about.
 * @param remedies of the network's own type, which go before those of every socket.
 */
export function socketError(
  network: UdpNetwork | TcpNetwork | MulticastNetwork | QdesNetwork,
  at: Endpoint,
  error: SysError,
  remedies: Remedies = {},
): NetworkError {
  const place = formatEndpoint(at);
  return cannotOpen(network, error, {
    EADDRINUSE: `${place} is in use, and one socket at a time can have it; try again when it is free`,
    EADDRNOTAVAIL: `${at.address} is no address of this host; ip address add, or name another in its section`,
    ENETUNREACH: `this host has no route to ${at.address}; ip route add`,
    EHOSTUNREACH: `nothing on the way to ${at.address} knows it; is that host up?`,
    ECONNREFUSED: `nobody listens at ${place}; start the far end first`,
    ETIMEDOUT: `${place} did not answer in time; is the far end up, and does a firewall drop what is sent to it?`,
    EAFNOSUPPORT: 'this host has no IPv6; name an IPv4 address in its section',
    EACCES: `${place} is not for the broker, which may take no port below 1024; name another in its section`,
    ...remedies,
  });
}

/** What the switch does for a network's guests. */
export function guardedBySwitch(network: Guarding & { readonly vlan?: number }): Partial<NetworkFacts> & {
  readonly guestsReachEachOther: boolean;
} {
  const guarded = network.lockMac || network.isolated || network.vlan !== undefined;
  return { guestsReachEachOther: !network.isolated, ...(guarded && { filteredBy: ['switch' as const] }) };
}
