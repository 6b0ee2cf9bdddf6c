/** The way of a switched network to the outside: a port whose descriptors the broker makes and the switch uses. */
import { ok, type Result } from 'neverthrow';
import type { SwitchedNetwork } from '../core/switched.js';
import type { Kernel } from '../kernel/kernel.js';
import { planMulticastUplink } from './multicast.js';
import type { NetworkError, OwnPortPlan } from './network.js';
import { packetMtu, planPacketUplink } from './packet.js';
import { type Around, carriedMtu, planQdesUplink, qdesMtu } from './qdes.js';
import { plainMtu } from './socket-network.js';

export function planUplink(
  kernel: Kernel,
  network: SwitchedNetwork,
  around: Around,
): Result<OwnPortPlan, NetworkError> {
  switch (network.type) {
    case 'multicast':
      return planMulticastUplink(kernel, network);
    case 'packet':
      return planPacketUplink(kernel, network);
    case 'qdes':
      return planQdesUplink(kernel, network, around);
  }
}

/** What a guest on the network is told of its MTU: bytes without the Ethernet header. */
export function switchedMtu(kernel: Kernel, network: SwitchedNetwork): Result<number, NetworkError> {
  switch (network.type) {
    case 'multicast':
      return ok(plainMtu);
    case 'packet':
      return packetMtu(kernel, network);
    case 'qdes':
      return qdesMtu(kernel, network);
  }
}

/** Bytes of the largest frames that a guest may send, without the Ethernet header. @param mtu what it is told. */
export function largestOf(network: SwitchedNetwork, mtu: number): number {
  return network.type === 'qdes' ? carriedMtu(network, mtu) : mtu;
}
