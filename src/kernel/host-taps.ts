/** Taps by which the host is on a network: their frames go through this process, and whom it hands the descriptor to. */
import type { Result } from 'neverthrow';
import type { Mac } from '../core/mac.js';
import type { InterfaceName } from '../core/names.js';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from './owned-fd.js';

export interface HostTap {
  /** Reading it does not wait. Each frame has a virtio-net header before it, by which the host leaves work to who reads. */
  readonly fd: OwnedFd;
  readonly ifindex: number;
  /** Whether there was no interface of that name before: it ends with the last copy of the descriptor, as others do not. */
  readonly made: boolean;
}

export interface HostTaps {
  /**
   * Opens the tap of that name (TUNSETIFF with IFF_TAP | IFF_NO_PI | IFF_VNET_HDR), which is made, and down, when there is
   * none; one that is there and has no owner gets ours, so that nobody else may attach to it later. EBUSY: somebody holds
   * it; EINVAL: the interface is no tap, or one with several queues; EPERM: it is not for us. The descriptor closes as by
   * closeLater.
   */
  open(name: InterfaceName): Result<HostTap, SysError>;
  /** Gives the interface its MTU (bytes without the Ethernet header), address and alias. */
  name(ifindex: number, change: HostTapNames): Result<void, SysError>;
}

export interface HostTapNames {
  readonly mtu: number;
  readonly address: Mac;
  readonly alias: string;
}
