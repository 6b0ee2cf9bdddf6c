/** One door to every kind of port. */
import type { PlugOrder } from '../protocol/switch-order.js';
import type { PeerMemory } from '../switch/qdes/peer-memory.js';
import { DgramPort, StreamPort } from './guest-port.js';
import { HostPort } from './host-port.js';
import { MulticastPort } from './multicast-port.js';
import { PacketPort } from './packet-port.js';
import type { PortIo } from './port-io.js';
import { QdesPort } from './qdes-port.js';
import type { QdesSockets } from './qdes-socket.js';
import { TapPort } from './tap-port.js';

/**
 * @param fds what the order came with: they stay the caller's.
 * @param sockets of all ports of QDES.
 * @param peersMoved is told when another memory says what is known of such a port's far ends.
 */
export function makePort(
  { kind, maxFrame, vlan, line }: PlugOrder,
  fds: readonly number[],
  sockets: QdesSockets<QdesPort>,
  peersMoved: (memory: PeerMemory) => void,
): PortIo {
  const [fd = -1, other = -1] = fds;
  switch (kind) {
    case 'dgram':
      return new DgramPort(fd, maxFrame);
    case 'stream':
      return new StreamPort(fd, maxFrame);
    case 'multicast':
      return new MulticastPort(fd, other, maxFrame);
    case 'packet':
      return new PacketPort(fd, maxFrame, vlan);
    case 'qdes': {
      if (line === undefined) throw new Error('a port of QDES comes with what it is to know');
      return new QdesPort(fd, maxFrame, line, sockets.of(line.socket), peersMoved);
    }
    case 'tap':
      return new TapPort(fd, maxFrame);
    case 'host':
      return new HostPort(fd, maxFrame);
  }
}
