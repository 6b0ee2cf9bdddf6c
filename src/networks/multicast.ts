/** A UDP socket in a group, as QEMU's -netdev socket,mcast= has one. It is not connected: who sends says where to. */
import type { Result } from 'neverthrow';
import type { MulticastNetwork } from '../core/config.js';
import { formatEndpoint, isIPv6Endpoint } from '../core/endpoint.js';
import type { SysError } from '../core/sys-error.js';
import type { Kernel } from '../kernel/kernel.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { NetworkError, NetworkFacts, OpenedSocket, OwnPortPlan } from './network.js';
import { guardedBySwitch, openedSocket, plainMtu, socketError, socketFacts } from './socket-network.js';
import { usableInterface } from './usable-interface.js';

/** Of an interface, that are looked at. */
const mostAddresses = 16;

export function openMulticast(kernel: Kernel, network: MulticastNetwork): Result<OpenedSocket, NetworkError> {
  const { group, ttl, loop } = network;
  return usableInterface(kernel, network).andThen(({ ifindex }) =>
    kernel.sockets
      .openMulticast({ group, ifindex, ttl, loop })
      .map((fd) => openedSocket(fd, { to: group }))
      .mapErr((error) => cannot(network, error)),
  );
}

/** A socket that receives as the bare one does, and one that sends, so that what we sent is told from what others did. */
export function planMulticastUplink(kernel: Kernel, network: MulticastNetwork): Result<OwnPortPlan, NetworkError> {
  const six = isIPv6Endpoint(network.group);
  return usableInterface(kernel, network).andThen(({ ifindex }) =>
    kernel.surroundings
      .addressesOn(ifindex, six)
      .map((addresses): OwnPortPlan => {
        // One of them is what the sender was bound to when it was connected
        const on = [ifindex, ...addresses.slice(0, mostAddresses)].join(' ');
        return { kind: 'multicast', on, mtu: plainMtu, open: () => openUplink(kernel, network, ifindex) };
      })
      .mapErr((error) => cannot(network, error)),
  );
}

function openUplink(
  { sockets }: Kernel,
  network: MulticastNetwork,
  ifindex: number,
): Result<readonly OwnedFd[], NetworkError> {
  const { group, ttl, loop } = network;
  const membership = { group, ifindex, ttl, loop };
  return sockets
    .openMulticast(membership)
    .andThen((receiver) =>
      sockets
        .openMulticastSender(membership)
        .map((sender) => [receiver, sender])
        .mapErr((error) => {
          receiver.close();
          return error;
        }),
    )
    .mapErr((error) => cannot(network, error));
}

export function describeMulticast(kernel: Kernel, network: MulticastNetwork): NetworkFacts {
  const { group, interface: by, ttl } = network;
  const link = usableInterface(kernel, network);
  return {
    ...socketFacts(`${formatEndpoint(group)}%${by}`),
    // By our switch, and with loop also those who have bare sockets
    ...guardedBySwitch(network),
    outsideReachable: ttl === 0 ? false : null,
    problem: link.isErr() ? link.error.what : null,
  };
}

function cannot(network: MulticastNetwork, error: SysError): NetworkError {
  const { group, interface: wanted } = network;
  const gone = `${wanted} has just gone; try again when it is there`;
  return socketError(network, group, error, {
    ENODEV: gone,
    EADDRNOTAVAIL: gone,
    EINVAL: `${wanted} cannot join ${group.address}; has it that family? See: ip address show ${wanted}`,
    ENOBUFS: 'the socket may be in no more groups; raise net.ipv4.igmp_max_memberships',
    ENOMEM: 'the socket may be in no more groups; raise net.ipv4.igmp_max_memberships',
    EADDRINUSE: `another program has ${formatEndpoint(group)} for itself; let it share (SO_REUSEADDR), or name another port`,
  });
}
