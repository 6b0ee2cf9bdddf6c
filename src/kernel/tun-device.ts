/** /dev/net/tun, and taps that are there already. */
import { constants } from 'node:os';
import { err, ok, type Result } from 'neverthrow';
import type { InterfaceName } from '../core/names.js';
import type { SysError } from '../core/sys-error.js';
import { ownFd } from './close.js';
import { check, sysError } from './errno.js';
import { native } from './native.js';
import { readTapState } from './netlink/link.js';
import { askForLink } from './netlink/link-requests.js';
import type { RouteSocket } from './netlink/route-socket.js';
import type { OwnedFd } from './owned-fd.js';

const { IFF_TAP } = native.constants;
const { EBUSY, ENODEV } = constants.errno;

/** A descriptor that has no tap yet. */
export function openTunDevice(): Result<OwnedFd, SysError> {
  return check('open /dev/net/tun', native.tunDevice()).map(ownFd);
}

/** As kernel.ts promises. */
export function tapIsHeld(route: RouteSocket, name: InterfaceName): Result<boolean, SysError> {
  askForLink(route.message, { name });
  const tap = route.askOne('RTM_GETLINK (tap)', readTapState);
  if (tap.isErr()) return err(tap.error);
  const { ifindex, flags, queues } = tap.value;
  if (queues !== undefined) return ok(queues > 0);

  const device = openTunDevice();
  if (device.isErr()) return err(device.error);
  using probe = device.value;
  // Attaching gives the tap these flags, so they must be the ones it has.
  const attached = native.tunAttach(probe.fd, name, IFF_TAP | flags);
  if (attached === -EBUSY) return ok(true);
  if (attached < 0) return err(sysError('TUNSETIFF', attached));
  // Had it gone meanwhile, the probe made a new one, which ends with it.
  if (native.linkIndex(name) !== ifindex) return err(sysError('TUNSETIFF', -ENODEV));
  return ok(false);
}
