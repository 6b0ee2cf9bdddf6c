/** A UDP socket between two addresses: QEMU's dgram netdev, one frame a datagram. */
import type { Result } from 'neverthrow';
import type { UdpNetwork } from '../core/config.js';
import { formatEndpoint } from '../core/endpoint.js';
import type { Kernel } from '../kernel/kernel.js';
import type { NetworkError, NetworkFacts, OpenedSocket } from './network.js';
import { openedSocket, socketError, socketFacts } from './socket-network.js';

export function openUdp(kernel: Kernel, network: UdpNetwork): Result<OpenedSocket, NetworkError> {
  const { local, remote } = network;
  return kernel.sockets
    .openUdp(local, remote)
    .map((fd) => openedSocket(fd))
    .mapErr((error) => socketError(network, error.call === 'connect' ? remote : local, error));
}

export function describeUdp({ local }: UdpNetwork): NetworkFacts {
  return socketFacts(formatEndpoint(local));
}
