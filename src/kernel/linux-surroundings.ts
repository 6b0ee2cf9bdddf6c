/** What is around networks, by rtnetlink(7) and the bridge's ioctl. Every promise is documented in surroundings.ts. */
import { accessSync, constants, existsSync } from 'node:fs';
import { ok, type Result } from 'neverthrow';
import type { InterfaceName } from '../core/names.js';
import type { SysError } from '../core/sys-error.js';
import { check } from './errno.js';
import { native } from './native.js';
import { addressesOn } from './netlink/addresses.js';
import { hostOnLink } from './netlink/host-on-link.js';
import { readVlanLink } from './netlink/link.js';
import { askForLinks } from './netlink/link-requests.js';
import type { RouteSocket } from './netlink/route-socket.js';
import type { HostOnLink, Surroundings, VlanLink } from './surroundings.js';

/** How many ports a bridge has at most: the kernel's BR_MAX_PORTS, of whose numbers 0 is not given. */
const mostPorts = 1023;

export class LinuxSurroundings implements Surroundings {
  readonly #route: RouteSocket;

  /** @param route stays the caller's. */
  constructor(route: RouteSocket) {
    this.#route = route;
  }

  bridgePorts(bridge: InterfaceName): Result<readonly number[], SysError> {
    const indexes = new Int32Array(mostPorts);
    const counted = check('BRCTL_GET_PORT_LIST', native.bridgePorts(bridge, indexes));
    return counted.map((count) => [...indexes.subarray(0, count)]);
  }

  vlanLinks(): Result<readonly VlanLink[], SysError> {
    // A kernel that has not loaded 8021q knows no such kind, and would tell of every link there is
    if (!existsSync('/proc/self/net/vlan')) return ok([]);
    askForLinks(this.#route.message, 'vlan');
    return this.#route
      .ask('RTM_GETLINK (VLANs)', readVlanLink)
      .map((links) => links.filter((link) => link !== undefined));
  }

  hostOnLink(ifindex: number): Result<HostOnLink, SysError> {
    return hostOnLink(this.#route, ifindex);
  }

  addressesOn(ifindex: number, six: boolean): Result<readonly string[], SysError> {
    return addressesOn(this.#route, ifindex, six);
  }

  mayOpenVhost(): boolean {
    try {
      accessSync('/dev/vhost-net', constants.R_OK | constants.W_OK);
      return true;
    } catch {
      return false;
    }
  }
}
