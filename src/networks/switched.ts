/**
 * Networks whose frames our switch carries. The guest gets one end of a pair of unix sockets, and the switch the other; or
 * the guest gets a tap, and the switch a packet socket that has its other side. The switch has the network's uplink besides.
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
  /** Whether frames of a tap have a virtio-net header. */
  readonly vnetHdr: boolean;
}

/** The switch, as networks see it. */
export interface Switchboard {
  /** Resolves when a switch that is just coming up is there, or is given up; undefined: there is none to wait for. */
  ready(): Promise<void> | undefined;
  /**
   * Plugs a port, and the network's uplink where it has none yet.
   *
   * @param end the switch's end; it belongs to the switchboard, also when this fails.
   * @returns the port's life: disposing it unplugs the port.
   */
  plug(wish: SwitchPortWish, end: OwnedFd): Result<Life, NetworkError>;
  /**
   * Makes a tap in a network namespace of ours, where it reaches nothing but the packet socket of its other side: in the
   * host's its guest could reach the host.
   *
   * @returns the guest's end and the switch's, which are the caller's; the error is a sentence.
   */
  openTap(mtu: number, vnetHdr: boolean): Promise<Result<readonly [theirs: OwnedFd, ours: OwnedFd], string>>;
}

/** Bytes that a guest, or the switch, may have sent and the other not read: of frames of 1,514 bytes some 450. */
const buffer = 1 << 20;
/** The same of a tap, whose frames may be 64 KB long. */
const tapBuffer = 8 << 20;

type Opening = Result<OpenedSocket, NetworkError> | Promise<Result<OpenedSocket, NetworkError>>;

/** @returns a promise for a tap, and while the switch is just coming up. */
export function openSwitched(kernel: Kernel, switchboard: Switchboard, wish: SwitchPortWish): Opening {
  const coming = switchboard.ready();
  if (coming === undefined) return openNow(kernel, switchboard, wish);
  return coming.then(() => openNow(kernel, switchboard, wish));
}

function openNow(kernel: Kernel, switchboard: Switchboard, wish: SwitchPortWish): Opening {
  const { network, form, mtu, vnetHdr } = wish;
  const cannot = `network "${network.name}" cannot be opened`;
  if (form === 'tap') {
    return switchboard.openTap(mtu, vnetHdr).then((made) =>
      made
        .mapErr((what) => networkError(`${cannot}: ${what}`))
        .andThen(([theirs, ours]) =>
          kernel.sockets
            .enlarge(ours, tapBuffer)
            .mapErr((error) => {
              theirs.close();
              ours.close();
              return networkError(cannot, error);
            })
            .andThen(() => plug(switchboard, wish, [theirs, ours])),
        ),
    );
  }
  return kernel.sockets
    .pair(form === 'dgram' ? 'seqpacket' : 'stream', buffer)
    .mapErr((error) => networkError(cannot, error))
    .andThen((ends) => plug(switchboard, wish, ends));
}

function plug(
  switchboard: Switchboard,
  wish: SwitchPortWish,
  [theirs, ours]: readonly [OwnedFd, OwnedFd],
): Result<OpenedSocket, NetworkError> {
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
