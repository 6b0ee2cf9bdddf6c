/** A TCP socket: QEMU's stream netdev, each frame after its length. It is connected, or listens and QEMU accepts. */
import type { Result } from 'neverthrow';
import type { TcpNetwork } from '../core/config.js';
import { formatEndpoint } from '../core/endpoint.js';
import type { Kernel } from '../kernel/kernel.js';
import type { NetworkError, NetworkFacts, OpenedSocket } from './network.js';
import { openedSocket, socketError, socketFacts } from './socket-network.js';

/** Milliseconds: as long as anybody waits for the far end. */
const patience = 5000;

/** @returns a promise where it connects. */
export function openTcp(
  kernel: Kernel,
  network: TcpNetwork,
): Result<OpenedSocket, NetworkError> | Promise<Result<OpenedSocket, NetworkError>> {
  const { role, endpoint } = network;
  if (role === 'listen') {
    return kernel.sockets
      .listenTcp(endpoint)
      .map((fd) => openedSocket(fd, { server: true }))
      .mapErr((error) => socketError(network, endpoint, error));
  }
  return kernel.sockets
    .connectTcp(endpoint, patience)
    .then((connected) =>
      connected
        .map((fd) => openedSocket(fd, { server: false }))
        .mapErr((error) => socketError(network, endpoint, error)),
    );
}

export function describeTcp({ endpoint }: TcpNetwork): NetworkFacts {
  return socketFacts(formatEndpoint(endpoint));
}
