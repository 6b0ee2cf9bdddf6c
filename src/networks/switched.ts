/**
 * Networks whose frames our switch carries. The guest gets one end of a pair of unix sockets, and the switch the other; or
 * the guest gets a tap, and the switch a packet socket that has its other side. The switch has the network's uplink besides.
 */
import { err, type Result } from 'neverthrow';
import type { Grant } from '../core/grant.js';
import type { SwitchedForm, SwitchedNetwork } from '../core/switched.js';
import type { SysError } from '../core/sys-error.js';
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

export type PluggedLife = Result<Life, NetworkError> | Promise<Result<Life, NetworkError>>;

/** The switch, as networks see it. */
export interface Switchboard {
  /** Resolves when a switch that is just coming up is there, or is given up; undefined: there is none to wait for. */
  ready(): Promise<void> | undefined;
  /**
   * Plugs a port, and the network's uplink where it has none yet.
   *
   * @param end the switch's end; it belongs to the switchboard, also when this fails.
   * @returns the port's life: disposing it unplugs the port. A promise while the address of the uplink is in use.
   */
  plug(wish: SwitchPortWish, end: OwnedFd): PluggedLife;
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
  if (wish.form === 'tap') return openTap(kernel, switchboard, wish);
  return kernel.sockets.pair(wish.form === 'dgram' ? 'seqpacket' : 'stream', buffer).match(
    (ends) => plug(switchboard, wish, ends),
    (error) => err(cannot(wish, error)),
  );
}

async function openTap(kernel: Kernel, switchboard: Switchboard, wish: SwitchPortWish) {
  const made = await switchboard.openTap(wish.mtu, wish.vnetHdr);
  if (made.isErr()) return err(networkError(`network "${wish.network.name}" cannot be opened: ${made.error}`));
  const [theirs, ours] = made.value;
  const enlarged = kernel.sockets.enlarge(ours, tapBuffer);
  if (enlarged.isOk()) return plug(switchboard, wish, made.value);
  theirs.close();
  ours.close();
  return err(cannot(wish, enlarged.error));
}

function plug(switchboard: Switchboard, wish: SwitchPortWish, [theirs, ours]: readonly [OwnedFd, OwnedFd]): Opening {
  const opened = (plugged: Result<Life, NetworkError>): Result<OpenedSocket, NetworkError> => {
    if (plugged.isErr()) theirs.close();
    return plugged.map((life) => ({
      ...{ fds: [theirs], ifname: null, ifindex: null, mtu: wish.mtu, life },
      [Symbol.dispose]() {
        theirs.close();
      },
    }));
  };
  const plugged = switchboard.plug(wish, ours);
  return plugged instanceof Promise ? plugged.then(opened) : opened(plugged);
}

function cannot({ network }: SwitchPortWish, error: SysError): NetworkError {
  return networkError(`network "${network.name}" cannot be opened`, error);
}
