/** The way of a switched network to the outside: descriptors that the broker makes and the switch uses. */
import type { Result } from 'neverthrow';
import type { SwitchedNetwork } from '../core/switched.js';
import type { Kernel } from '../kernel/kernel.js';
import { openMulticastUplink } from './multicast.js';
import type { NetworkError, Uplink } from './network.js';

export function openUplink(kernel: Kernel, network: SwitchedNetwork): Result<Uplink, NetworkError> {
  switch (network.type) {
    case 'multicast':
      return openMulticastUplink(kernel, network);
  }
}
