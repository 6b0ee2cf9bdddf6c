/** The way of a switched network to the outside: descriptors that the broker makes and the switch uses. */
import { ok, type Result } from 'neverthrow';
import type { SwitchedNetwork } from '../core/switched.js';
import type { Kernel } from '../kernel/kernel.js';
import { openMulticastUplink } from './multicast.js';
import type { NetworkError, Uplink } from './network.js';
import { openPacketUplink, packetMtu } from './packet.js';
import { plainMtu } from './socket-network.js';

export function openUplink(kernel: Kernel, network: SwitchedNetwork): Result<Uplink, NetworkError> {
  switch (network.type) {
    case 'multicast':
      return openMulticastUplink(kernel, network);
    case 'packet':
      return openPacketUplink(kernel, network);
  }
}

/** What a guest on the network is told of its MTU: bytes without the Ethernet header. */
export function switchedMtu(kernel: Kernel, network: SwitchedNetwork): Result<number, NetworkError> {
  switch (network.type) {
    case 'multicast':
      return ok(plainMtu);
    case 'packet':
      return packetMtu(kernel, network);
  }
}
