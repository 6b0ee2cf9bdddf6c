/**
 * Networks whose frames our switch carries: the guest gets one end of a pair of unix sockets, the switch the other, and
 * the network's uplink besides.
 */
import { err, ok, type Result } from 'neverthrow';
import type { Grant } from '../core/grant.js';
import type { SwitchedForm, SwitchedNetwork } from '../core/switched.js';
import type { Kernel } from '../kernel/kernel.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { type Life, type NetworkError, networkError, type OpenedSocket } from './network.js';

/** A guest's port at the switch, as it is to be made. */
export interface SwitchPortWish {
  readonly network: SwitchedNetwork;
  readonly grant: Grant;
  readonly form: SwitchedForm;
  /** Bytes without the Ethernet header. */
  readonly mtu: number;
}

/** The switch, as networks see it. */
export interface Switchboard {
  /**
   * Plugs a port, and the network's uplink where it has none yet.
   *
   * @param end the switch's end; it belongs to the switchboard, also when this fails.
   * @returns the port's life: disposing it unplugs the port.
   */
  plug(wish: SwitchPortWish, end: OwnedFd): Result<Life, NetworkError>;
}

/** Bytes that a guest, or the switch, may have sent and the other not read: of frames of 1,514 bytes some 450. */
const buffer = 1 << 20;

export function openSwitched(
  kernel: Kernel,
  switchboard: Switchboard,
  wish: SwitchPortWish,
): Result<OpenedSocket, NetworkError> {
  const pair = kernel.sockets.pair(wish.form === 'dgram' ? 'seqpacket' : 'stream', buffer);
  if (pair.isErr()) return err(networkError(`network "${wish.network.name}" cannot be opened`, pair.error));
  const [theirs, ours] = pair.value;
  const plugged = switchboard.plug(wish, ours);
  if (plugged.isErr()) {
    theirs.close();
    return err(plugged.error);
  }
  const life = plugged.value;
  return ok({
    ...{ fds: [theirs], ifname: null, ifindex: null, mtu: wish.mtu, life },
    [Symbol.dispose]() {
      theirs.close();
    },
  });
}
