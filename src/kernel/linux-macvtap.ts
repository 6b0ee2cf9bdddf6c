/** Makes and opens macvtaps, by rtnetlink(7) and their character devices. kernel.ts says what is promised. */
import { err, type Result } from 'neverthrow';
import type { InterfaceName } from '../core/names.js';
import type { SysError } from '../core/sys-error.js';
import { ownFdLater } from './close.js';
import { check } from './errno.js';
import type { Macvtap, MacvtapPlan } from './kernel.js';
import { DeviceEvents, freeIfindex, nodePath } from './macvtap-node.js';
import { native } from './native.js';
import { removeLink } from './netlink/link-requests.js';
import { claimMacvtap, createMacvtap, raiseMacvtap } from './netlink/macvtap.js';
import { changeWithoutIpv6, type RouteSocket } from './netlink/route-socket.js';
import type { OwnedFd } from './owned-fd.js';

export function makeMacvtap(route: RouteSocket, name: InterfaceName, plan: MacvtapPlan): Result<Macvtap, SysError> {
  const listening = DeviceEvents.open();
  if (listening.isErr()) return err(listening.error);
  using devices = listening.value;
  const ifindex = freeIfindex();
  createMacvtap(route.message, name, ifindex, plan);
  const made = route.change('RTM_NEWLINK (macvtap)');
  if (made.isErr()) return err(made.error);
  return devices
    .deviceOf(name, ifindex)
    .map((device) => ({ ifindex, ...device }))
    .mapErr((error) => {
      // In this very turn, though it takes long: there is nobody yet who could do it later
      removeLink(route.message, ifindex);
      void route.change('RTM_DELLINK').isOk();
      return error;
    });
}

export function nameMacvtap(
  route: RouteSocket,
  ifindex: number,
  change: { readonly address: string; readonly alias: string },
): Result<void, SysError> {
  const claim = (ipv6: boolean) => claimMacvtap(route.message, ifindex, change, ipv6);
  return changeWithoutIpv6(route, 'RTM_NEWLINK (claim)', claim).andThen(() => {
    raiseMacvtap(route.message, ifindex);
    return route.change('RTM_NEWLINK (up)');
  });
}

/** @param flags IFF_* of linux/if_tun.h. @param owner the uid that closing the descriptor may delay. */
export function openMacvtapNode(
  name: InterfaceName,
  { ifindex, major, minor }: Macvtap,
  flags: number,
  owner: number,
): Result<OwnedFd, SysError> {
  const path = nodePath(ifindex);
  const opened = check(`open ${path}`, native.macvtapOpen(path, major, minor));
  return opened.andThen((number) => {
    const fd = ownFdLater(number, owner);
    // The link is the node's, whatever the name: this sets the form of the frames
    const set = check('TUNSETIFF (macvtap)', native.tunAttach(fd.fd, name, flags));
    if (set.isErr()) fd.close();
    return set.map(() => fd);
  });
}
