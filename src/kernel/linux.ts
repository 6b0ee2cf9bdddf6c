/** The kernel that runs us: kernel.ts by /dev/net/tun and rtnetlink(7). Every promise is documented there. */
import { constants } from 'node:os';
import { err, ok, type Result } from 'neverthrow';
import type { Mac } from '../core/mac.js';
import type { InterfaceName } from '../core/names.js';
import type { SysError } from '../core/sys-error.js';
import { ownFdLater } from './close.js';
import { check, sysError } from './errno.js';
import type {
  BridgePort,
  Enslavement,
  Kernel,
  Link,
  Macvtap,
  MacvtapPlan,
  PortVlan,
  Tap,
  TapOptions,
} from './kernel.js';
import { LinuxHostTaps } from './linux-host-taps.js';
import { makeMacvtap, nameMacvtap, openMacvtapNode } from './linux-macvtap.js';
import { LinuxSockets } from './linux-sockets.js';
import { LinuxSurroundings } from './linux-surroundings.js';
import { LinuxVirtualFunctions } from './linux-virtual-functions.js';
import { unlockedNodes } from './macvtap-node.js';
import { native } from './native.js';
import { readLink, readTapState } from './netlink/link.js';
import {
  askForLink,
  askForLinks,
  changeAddress,
  joinBridge,
  leaveBridge,
  portUp,
  removeLink,
} from './netlink/link-requests.js';
import { addStaticEntry, hasStaticEntry } from './netlink/neigh.js';
import { changeWithoutIpv6, RouteSocket, undefinedOn } from './netlink/route-socket.js';
import { portVlans, setAccessVlan } from './netlink/vlan.js';
import { NodeCloses } from './node-closes.js';
import type { OwnedFd } from './owned-fd.js';
import { openTunDevice, tapIsHeld } from './tun-device.js';

const { IFF_MULTI_QUEUE, IFF_NO_PI, IFF_TAP, IFF_TUN_EXCL, IFF_VNET_HDR } = native.constants;
const { EBUSY, ENODEV } = constants.errno;

export function createLinuxKernel(): Result<LinuxKernel, SysError> {
  return NodeCloses.open().andThen((closes) =>
    RouteSocket.open()
      .map((route) => new LinuxKernel(route, closes))
      .mapErr((error) => {
        closes[Symbol.dispose]();
        return error;
      }),
  );
}

export class LinuxKernel implements Kernel, Disposable {
  readonly sockets = new LinuxSockets();
  readonly surroundings: LinuxSurroundings;
  readonly functions: LinuxVirtualFunctions;
  readonly hostTaps: LinuxHostTaps;
  readonly #route: RouteSocket;
  readonly #known = new Map<InterfaceName, { readonly link: Link; readonly facts: Int32Array }>();

  /**
   * @param route belongs to this object, which closes it.
   * @param nodeCloses too; it is to be watched by whoever wants to know.
   */
  constructor(
    route: RouteSocket,
    readonly nodeCloses: NodeCloses,
  ) {
    this.#route = route;
    this.surroundings = new LinuxSurroundings(route);
    this.functions = new LinuxVirtualFunctions(route);
    this.hostTaps = new LinuxHostTaps(route);
  }

  [Symbol.dispose](): void {
    this.nodeCloses[Symbol.dispose]();
    this.sockets[Symbol.dispose]();
    this.#route[Symbol.dispose]();
  }

  openTap(name: InterfaceName, options: TapOptions): Result<Tap, SysError> {
    const device = openTunDevice();
    if (device.isErr()) return err(device.error);
    using unattached = device.value;
    const flags = tapFlags(options) | IFF_TUN_EXCL;
    const attached = native.tunAttach(unattached.fd, name, flags);
    if (attached < 0) return err(sysError('TUNSETIFF', attached));
    const fd = ownFdLater(unattached.release(), options.owner);
    const owned = options.multiQueue === true ? this.#own(name, fd) : ok();
    const found = owned.andThen(() => check('SIOCGIFINDEX', native.linkIndex(name)));
    if (found.isErr()) fd.close();
    return found.map((ifindex) => ({ fd, ifindex }));
  }

  /**
   * Keeps others off a tap that has room for more queues. Until it has an owner anybody may attach to it by its name, so
   * that it is alone with its first descriptor only when it is found so afterwards; EBUSY: it is not.
   */
  #own(name: InterfaceName, { fd }: OwnedFd): Result<void, SysError> {
    const owned = check('TUNSETOWNER', native.tunOwn(fd));
    if (owned.isErr()) return err(owned.error);
    askForLink(this.#route.message, { name });
    return this.#route
      .askOne('RTM_GETLINK (tap)', readTapState)
      .andThen(({ queues, owner }) =>
        queues === 1 && owner === process.geteuid?.() ? ok() : err(sysError('TUNSETOWNER', -EBUSY)),
      );
  }

  openQueue(name: InterfaceName, tap: Tap, options: TapOptions): Result<OwnedFd, SysError> {
    const device = openTunDevice();
    if (device.isErr()) return err(device.error);
    using unattached = device.value;
    const attached = native.tunAttach(unattached.fd, name, tapFlags(options));
    if (attached < 0) return err(sysError('TUNSETIFF (queue)', attached));
    // Had the tap been renamed meanwhile, this made another, which ends with this descriptor
    if (native.linkIndex(name) !== tap.ifindex) return err(sysError('TUNSETIFF (queue)', -ENODEV));
    return ok(ownFdLater(unattached.release(), options.owner));
  }

  openVhost(): Result<OwnedFd, SysError> {
    return check('open /dev/vhost-net', native.vhostDevice()).map((fd) => ownFdLater(fd));
  }

  createMacvtap(name: InterfaceName, plan: MacvtapPlan): Result<Macvtap, SysError> {
    return makeMacvtap(this.#route, name, plan);
  }

  claimMacvtap(ifindex: number, change: { readonly address: Mac; readonly alias: string }): Result<void, SysError> {
    return nameMacvtap(this.#route, ifindex, change);
  }

  openMacvtap(name: InterfaceName, macvtap: Macvtap, options: TapOptions): Result<OwnedFd, SysError> {
    return openMacvtapNode(name, macvtap, tapFlags(options), options.owner);
  }

  watchMacvtap(ifindex: number): Result<void, SysError> {
    return this.nodeCloses.watch(ifindex);
  }

  unheldMacvtaps(ifindexes: readonly number[]): Result<readonly number[], SysError> {
    return unlockedNodes(ifindexes);
  }

  async openTapsAhead(names: readonly InterfaceName[]): Promise<(Tap | undefined)[]> {
    const results = new Int32Array(2 * names.length);
    await native.tapsAhead(names, IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL | IFF_VNET_HDR, results);
    return names.map((_name, at) => {
      const [fd = -1, ifindex = -1] = results.subarray(2 * at);
      return fd < 0 ? undefined : { fd: ownFdLater(fd), ifindex };
    });
  }

  tapIsHeld(name: InterfaceName): Result<boolean, SysError> {
    return tapIsHeld(this.#route, name);
  }

  linkByName(name: InterfaceName): Result<Link | undefined, SysError> {
    askForLink(this.#route.message, { name });
    return undefinedOn('ENODEV', this.#route.askOne('RTM_GETLINK', readLink));
  }

  knownLink(name: InterfaceName): Result<Link | undefined, SysError> {
    const facts = new Int32Array(5);
    const known = this.#known.get(name);
    const found = native.linkFacts(name, facts) === 0;
    if (found && known !== undefined && facts.every((fact, at) => fact === known.facts[at])) return ok(known.link);
    this.#known.delete(name);
    return this.linkByName(name).map((link) => {
      if (found && link !== undefined) this.#known.set(name, { link, facts });
      return link;
    });
  }

  linkByIndex(ifindex: number): Result<Link | undefined, SysError> {
    askForLink(this.#route.message, { ifindex });
    return undefinedOn('ENODEV', this.#route.askOne('RTM_GETLINK', readLink));
  }

  listLinks(): Result<readonly Link[], SysError> {
    askForLinks(this.#route.message);
    return this.#route.ask('RTM_GETLINK (all links)', readLink);
  }

  enslave(ifindex: number, change: Enslavement): Result<void, SysError> {
    return changeWithoutIpv6(this.#route, 'RTM_NEWLINK (join bridge)', (ipv6) =>
      joinBridge(this.#route.message, ifindex, change, ipv6),
    );
  }

  setPortUp(ifindex: number, port: Partial<BridgePort>): Result<void, SysError> {
    portUp(this.#route.message, ifindex, port);
    return this.#route.change('RTM_NEWLINK (port policy, up)');
  }

  quarantine(ifindex: number, address: Mac): Result<void, SysError> {
    leaveBridge(this.#route.message, ifindex);
    const left = this.#route.change('RTM_NEWLINK (down, leave bridge)');
    if (left.isErr()) return left;
    // By itself, so that an address that cannot be had does not keep the port up.
    changeAddress(this.#route.message, ifindex, address);
    return this.#route.change('RTM_NEWLINK (address)');
  }

  deleteLink(ifindex: number): Promise<Result<void, SysError>> {
    removeLink(this.#route.message, ifindex);
    return this.#route.changeLater('RTM_DELLINK');
  }

  addStaticEntry(ifindex: number, mac: Mac, vlan: number | undefined): Result<void, SysError> {
    return addStaticEntry(this.#route, ifindex, mac, vlan);
  }

  hasStaticEntry(bridge: number, ifindex: number, mac: Mac, vlan: number | undefined): Result<boolean, SysError> {
    return hasStaticEntry(this.#route, bridge, ifindex, mac, vlan);
  }

  setAccessVlan(ifindex: number, vlan: number): Result<void, SysError> {
    return setAccessVlan(this.#route, ifindex, vlan);
  }

  portVlans(ifindex: number): Result<readonly PortVlan[], SysError> {
    return portVlans(this.#route, ifindex);
  }
}

function tapFlags({ vnetHdr, multiQueue }: TapOptions): number {
  return IFF_TAP | IFF_NO_PI | (vnetHdr ? IFF_VNET_HDR : 0) | (multiQueue === true ? IFF_MULTI_QUEUE : 0);
}
