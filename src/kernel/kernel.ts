/**
 * The kernel as the broker needs it: links, bridge ports, forwarding entries and taps. linux.ts is the real one;
 * test/support/fake-kernel.ts keeps the same promises and can fail any call. Every method for links but deleteLink is
 * synchronous: rtnetlink answers in the caller's own context. An error means that nothing, or for links a part, was applied.
 */
import type { Result } from 'neverthrow';
import type { MacvtapMode } from '../core/config.js';
import type { Mac } from '../core/mac.js';
import type { InterfaceName } from '../core/names.js';
import type { SysError } from '../core/sys-error.js';
import type { HostTaps } from './host-taps.js';
import type { OwnedFd } from './owned-fd.js';
import type { Sockets } from './sockets.js';
import type { Surroundings } from './surroundings.js';
import type { VirtualFunctions } from './virtual-functions.js';

/** Flags of a bridge port (IFLA_BRPORT_*). A flag left out of a change stays as it is. */
export interface BridgePort {
  readonly learning: boolean;
  readonly locked: boolean;
  readonly isolated: boolean;
  readonly hairpin: boolean;
  /** Whether unknown unicast is flooded to the port. */
  readonly flood: boolean;
}

/** A network interface as rtnetlink(7) tells it. */
export interface Link {
  readonly ifindex: number;
  readonly name: string;
  /** Bytes without the Ethernet header. */
  readonly mtu: number;
  /** `52:54:00:12:34:56`, or empty where the link has no Ethernet address. */
  readonly address: string;
  /** Empty where there is none. */
  readonly alias: string;
  /** ifindex of the bridge it is a port of; 0 for none. */
  readonly master: number;
  /** IFF_UP: administratively up. */
  readonly up: boolean;
  /** IFF_LOWER_UP: a tap has carrier while somebody holds it; its holder can forge it. */
  readonly carrier: boolean;
  /** `bridge`, `tun`, `macvtap` …; empty for a plain device. */
  readonly kind: string;
  /** Of a PCI device its address (IFLA_PARENT_DEV_NAME): `0000:01:10.0`. */
  readonly device?: string;
  /** For kind tun (IFLA_TUN_*). */
  readonly tun?: { readonly persist: boolean };
  /** For kind bridge (IFLA_BR_*). */
  readonly bridge?: {
    readonly vlanFiltering: boolean;
    /** The VLAN that a port is in when it is told nothing else; 0: none. */
    readonly defaultVlan: number;
  };
  /** For kind macvtap (IFLA_LINK, IFLA_MACVLAN_MODE, IFLA_GROUP); `ours`: made by {@link Kernel.createMacvtap}. */
  readonly macvtap?: { readonly parent: number; readonly mode: MacvtapMode | undefined; readonly ours: boolean };
  /** For a port of a bridge. */
  readonly port?: BridgePort;
}

/** What an event tells of a link: what can change while somebody holds it. */
export type LinkChange = Pick<Link, 'ifindex' | 'address' | 'master' | 'up' | 'carrier' | 'tun'>;

/** What exchange 1 sets before a tap joins, and joins `master` in the same message. */
export interface Enslavement {
  readonly mtu: number;
  readonly address: Mac;
  readonly alias: string;
  readonly master: number;
}

/** An access VLAN membership of a bridge port. */
export interface PortVlan {
  readonly vlan: number;
  readonly pvid: boolean;
  readonly untagged: boolean;
}

/** A tap just made. The caller owns the fd. */
export interface Tap {
  readonly fd: OwnedFd;
  readonly ifindex: number;
}

export interface TapOptions {
  readonly vnetHdr: boolean;
  /** The uid at whose wish it is made. */
  readonly owner: number;
  /** Whether {@link Kernel.openQueue} can add descriptors to it. */
  readonly multiQueue?: boolean;
}

/** A macvtap to be made. */
export interface MacvtapPlan {
  /** ifindex of the interface that it is on. */
  readonly parent: number;
  readonly mode: MacvtapMode;
  /** Bytes without the Ethernet header, not above the parent's. */
  readonly mtu: number;
  readonly address: Mac;
}

/** A macvtap just made, and the number of its character device. */
export interface Macvtap {
  readonly ifindex: number;
  readonly major: number;
  readonly minor: number;
}

export interface Kernel {
  readonly sockets: Sockets;
  readonly surroundings: Surroundings;
  readonly functions: VirtualFunctions;
  readonly hostTaps: HostTaps;

  /**
   * Makes a tap of that name and opens it (TUNSETIFF with IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL, and IFF_VNET_HDR when
   * asked for); EBUSY when the name is taken. The tap lives until the last copy of the fd is closed, and the OwnedFd
   * closes as by closeLater for `owner`, a uid, because that may take 16 ms in the kernel. The ifindex comes from
   * SIOCGIFINDEX. One with `multiQueue` is this process's user's, so that no other user gets a queue of it by its name;
   * EBUSY also when one was quicker.
   */
  openTap(name: InterfaceName, options: TapOptions): Result<Tap, SysError>;
  /** One more descriptor of a tap that was made with `multiQueue` just now, with the same options. */
  openQueue(name: InterfaceName, tap: Tap, options: TapOptions): Result<OwnedFd, SysError>;
  /**
   * /dev/vhost-net, without a tap as yet, which closes as by closeLater: the kernel waits for other processors.
   * ENOENT: no such module; EACCES: the node is not for the broker's group.
   */
  openVhost(): Result<OwnedFd, SysError>;
  /**
   * As openTap, on the thread pool, for taps with virtio-net headers that nobody has asked for yet: undefined in place of
   * one that could not be made. They close as by closeLater for this program itself.
   */
  openTapsAhead(names: readonly InterfaceName[]): Promise<readonly (Tap | undefined)[]>;
  /**
   * Whether anybody holds the tap of that name open: TUNSETIFF gives EBUSY while somebody does. ENODEV and the like
   * come back as errors. A tap that nobody holds stays as it was.
   */
  tapIsHeld(name: InterfaceName): Result<boolean, SysError>;

  /**
   * Makes a macvtap of that name. It is down, in a group by which {@link Link.macvtap} tells it as ours, and has no alias
   * yet: the kernel takes none in the message that makes a link. It stays until {@link deleteLink}. In mode passthru it
   * has its parent's address. EEXIST when the name is taken.
   */
  createMacvtap(name: InterfaceName, plan: MacvtapPlan): Result<Macvtap, SysError>;
  /**
   * Gives it its alias, and its address (in mode passthru its parent too), no IPv6 addresses of its own, and up.
   * EADDRINUSE: the parent, or another link on it, has the address.
   */
  claimMacvtap(ifindex: number, change: { readonly address: Mac; readonly alias: string }): Result<void, SysError>;
  /**
   * One descriptor of a macvtap made just now, each a queue of its own, which closes as {@link openTap}'s. ENOENT, EACCES:
   * its node is not there, or not for the broker, as yet; ESTALE: the node is another link's.
   */
  openMacvtap(name: InterfaceName, macvtap: Macvtap, options: TapOptions): Result<OwnedFd, SysError>;
  /** From now on `descriptor-closed` is told of this macvtap. */
  watchMacvtap(ifindex: number): Result<void, SysError>;
  /** Which of these macvtaps nobody has open. One whose node cannot be looked at is not among them. */
  unheldMacvtaps(ifindexes: readonly number[]): Result<readonly number[], SysError>;

  /** undefined when there is no such link. */
  linkByName(name: InterfaceName): Result<Link | undefined, SysError>;
  /**
   * The same from memory while the link of that name has the ifindex, MTU and address it had when it was last read: so
   * its kind is right, and the rest of it may be of then.
   */
  knownLink(name: InterfaceName): Result<Link | undefined, SysError>;
  linkByIndex(ifindex: number): Result<Link | undefined, SysError>;
  /** Every link of the namespace (a dump). */
  listLinks(): Result<readonly Link[], SysError>;

  /** Exchange 1: MTU, address, alias, no IPv6 addresses of its own, master; the link stays down. */
  enslave(ifindex: number, change: Enslavement): Result<void, SysError>;
  /** Exchange 3: port flags and, in the same message, administratively up. */
  setPortUp(ifindex: number, port: Partial<BridgePort>): Result<void, SysError>;
  /** Down, without a master, with this address: what a port gets whose holder changed it. */
  quarantine(ifindex: number, address: Mac): Result<void, SysError>;
  /**
   * Deletes the link, on the thread pool: RTM_DELLINK takes 15 ms and more. The caller has checked that it is ours; an
   * ifindex is not used again while the kernel counts up. ENODEV when it is gone.
   */
  deleteLink(ifindex: number): Promise<Result<void, SysError>>;

  /**
   * Exchange 2: a static entry (NUD_NOARP, NTF_STICKY) for `mac` on the port, with `vlan` where there is one. Takes
   * over a learned entry, and fails with EEXIST on a permanent, static or local one.
   */
  addStaticEntry(ifindex: number, mac: Mac, vlan: number | undefined): Result<void, SysError>;
  /** Whether that static entry stands on that port. */
  hasStaticEntry(bridge: number, ifindex: number, mac: Mac, vlan: number | undefined): Result<boolean, SysError>;
  /** Exchange 2: `vlan` becomes the port's only VLAN, PVID and untagged. EOPNOTSUPP without VLAN filtering. */
  setAccessVlan(ifindex: number, vlan: number): Result<void, SysError>;
  portVlans(ifindex: number): Result<readonly PortVlan[], SysError>;
}

/**
 * What rtnetlink tells without being asked: links with our alias that change, links that go, sticky entries that go.
 * Events are lossy: after `overrun` everything is asked for anew.
 */
export type KernelEvent =
  | { readonly tag: 'link'; readonly link: LinkChange }
  | { readonly tag: 'link-gone'; readonly ifindex: number }
  | { readonly tag: 'static-entry-gone'; readonly ifindex: number; readonly mac: string; readonly vlan?: number }
  /** A descriptor of a macvtap's has ended; undefined: events of any number of macvtaps were lost. */
  | { readonly tag: 'descriptor-closed'; readonly ifindex: number | undefined }
  | { readonly tag: 'overrun' };
