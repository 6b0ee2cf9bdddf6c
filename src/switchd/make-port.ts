/** One door to every kind of port. */
import type { PlugOrder } from '../protocol/switch-order.js';
import { DgramPort, StreamPort } from './guest-port.js';
import { MulticastPort } from './multicast-port.js';
import { PacketPort } from './packet-port.js';
import type { PortIo } from './port-io.js';
import { TapPort } from './tap-port.js';

/** @param fds what the order came with: they stay the caller's. */
export function makePort({ kind, maxFrame, vlan }: PlugOrder, fds: readonly number[]): PortIo {
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
    case 'tap':
      return new TapPort(fd, maxFrame);
  }
}
