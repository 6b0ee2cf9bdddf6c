/** Reads a link from an RTM_NEWLINK message (rtnetlink(7), linux/if_link.h). */
import type { BridgePort, Link, LinkChange } from '../kernel.js';
import { native } from '../native.js';
import type { VlanLink } from '../surroundings.js';
import type { Answer } from './answers.js';
import { Attributes } from './attributes.js';
import type { NetlinkBytes } from './bytes.js';
import { readMacvtap } from './macvtap.js';

const {
  ARPHRD_ETHER,
  IFF_LOWER_UP,
  IFF_NO_PI,
  IFF_UP,
  IFF_VNET_HDR,
  IFLA_ADDRESS,
  IFLA_BRPORT_ISOLATED,
  IFLA_BRPORT_LEARNING,
  IFLA_BRPORT_LOCKED,
  IFLA_BRPORT_MODE,
  IFLA_BRPORT_UNICAST_FLOOD,
  IFLA_BR_VLAN_DEFAULT_PVID,
  IFLA_BR_VLAN_FILTERING,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_INFO_SLAVE_DATA,
  IFLA_INFO_SLAVE_KIND,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  IFLA_PARENT_DEV_BUS_NAME,
  IFLA_PARENT_DEV_NAME,
  IFLA_TUN_GROUP,
  IFLA_TUN_MULTI_QUEUE,
  IFLA_TUN_NUM_DISABLED_QUEUES,
  IFLA_TUN_NUM_QUEUES,
  IFLA_TUN_OWNER,
  IFLA_TUN_PERSIST,
  IFLA_TUN_PI,
  IFLA_TUN_VNET_HDR,
  IFLA_VLAN_ID,
  ifinfomsg,
} = native.constants;
const familyAt = native.constants['ifinfomsg.ifi_family'];
const typeAt = native.constants['ifinfomsg.ifi_type'];
const indexAt = native.constants['ifinfomsg.ifi_index'];
const flagsAt = native.constants['ifinfomsg.ifi_flags'];

export function readIfindex(memory: NetlinkBytes, { at }: Answer): number {
  return memory.u32[(at + indexAt) >> 2] as number;
}

/** AF_BRIDGE in what is told of a link as a bridge's port. */
export function readFamily(memory: NetlinkBytes, { at }: Answer): number {
  return memory.bytes[at + familyAt] as number;
}

export function readLink(memory: NetlinkBytes, answer: Answer): Link {
  const { at, end } = answer;
  const flags = memory.u32[(at + flagsAt) >> 2] as number;
  const link = new Attributes(memory, at + ifinfomsg, end);
  const info = link.nested(IFLA_LINKINFO);
  const kind = info.text(IFLA_INFO_KIND);
  const port = info.text(IFLA_INFO_SLAVE_KIND) === 'bridge' ? readPort(info.nested(IFLA_INFO_SLAVE_DATA)) : undefined;
  return {
    ifindex: readIfindex(memory, answer),
    name: link.text(IFLA_IFNAME),
    mtu: link.u32(IFLA_MTU),
    address: memory.u16[(at + typeAt) >> 1] === ARPHRD_ETHER ? link.mac(IFLA_ADDRESS) : '',
    alias: link.text(IFLA_IFALIAS),
    master: link.u32(IFLA_MASTER),
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    kind,
    ...(link.text(IFLA_PARENT_DEV_BUS_NAME) === 'pci' && { device: link.text(IFLA_PARENT_DEV_NAME) }),
    ...(kind === 'tun' && { tun: { persist: info.nested(IFLA_INFO_DATA).u8(IFLA_TUN_PERSIST) !== 0 } }),
    ...(kind === 'bridge' && { bridge: readBridge(info.nested(IFLA_INFO_DATA)) }),
    ...(kind === 'macvtap' && { macvtap: readMacvtap(link, info.nested(IFLA_INFO_DATA)) }),
    ...(port !== undefined && { port }),
  };
}

/** What an event is read for, in a fraction of the time: every grant makes four of them. */
export function readLinkChange(memory: NetlinkBytes, answer: Answer): LinkChange {
  const flags = memory.u32[(answer.at + flagsAt) >> 2] as number;
  const link = new Attributes(memory, answer.at + ifinfomsg, answer.end);
  return {
    ifindex: readIfindex(memory, answer),
    address: link.mac(IFLA_ADDRESS),
    master: link.u32(IFLA_MASTER),
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    // Absent, and so false, for links that are no taps
    tun: { persist: link.nested(IFLA_LINKINFO).nested(IFLA_INFO_DATA).u8(IFLA_TUN_PERSIST) !== 0 },
  };
}

function readBridge(data: Attributes): NonNullable<Link['bridge']> {
  return {
    vlanFiltering: data.u8(IFLA_BR_VLAN_FILTERING) !== 0,
    defaultVlan: data.u16(IFLA_BR_VLAN_DEFAULT_PVID),
  };
}

function readPort(data: Attributes): BridgePort {
  return {
    learning: data.u8(IFLA_BRPORT_LEARNING) !== 0,
    locked: data.u8(IFLA_BRPORT_LOCKED) !== 0,
    isolated: data.u8(IFLA_BRPORT_ISOLATED) !== 0,
    hairpin: data.u8(IFLA_BRPORT_MODE) !== 0,
    flood: data.u8(IFLA_BRPORT_UNICAST_FLOOD) !== 0,
  };
}

/** undefined: it is of another kind than vlan. */
export function readVlanLink(memory: NetlinkBytes, answer: Answer): VlanLink | undefined {
  const flags = memory.u32[(answer.at + flagsAt) >> 2] as number;
  const link = new Attributes(memory, answer.at + ifinfomsg, answer.end);
  const info = link.nested(IFLA_LINKINFO);
  if (info.text(IFLA_INFO_KIND) !== 'vlan') return undefined;
  return {
    ifindex: readIfindex(memory, answer),
    on: link.u32(IFLA_LINK),
    vlan: info.nested(IFLA_INFO_DATA).u16(IFLA_VLAN_ID),
    up: (flags & IFF_UP) !== 0,
  };
}

/** How a tap is attached to. */
export interface TapState {
  readonly ifindex: number;
  /** IFF_NO_PI and IFF_VNET_HDR, as the tap has them. */
  readonly flags: number;
  /** How many descriptors are attached, for a multiqueue tap; of others the kernel does not tell. */
  readonly queues: number | undefined;
  /** The only uid that may attach without CAP_NET_ADMIN; undefined: others may, or nobody was named. */
  readonly owner: number | undefined;
  /** Whether it has neither owner nor group: then whoever may open /dev/net/tun may attach. */
  readonly anybodys: boolean;
}

export function readTapState(memory: NetlinkBytes, answer: Answer): TapState {
  const link = new Attributes(memory, answer.at + ifinfomsg, answer.end);
  const tun = link.nested(IFLA_LINKINFO).nested(IFLA_INFO_DATA);
  const flags = (tun.u8(IFLA_TUN_PI) !== 0 ? 0 : IFF_NO_PI) | (tun.u8(IFLA_TUN_VNET_HDR) !== 0 ? IFF_VNET_HDR : 0);
  const queues = tun.u32(IFLA_TUN_NUM_QUEUES) + tun.u32(IFLA_TUN_NUM_DISABLED_QUEUES);
  return {
    ifindex: readIfindex(memory, answer),
    flags,
    queues: tun.u8(IFLA_TUN_MULTI_QUEUE) !== 0 ? queues : undefined,
    owner: tun.has(IFLA_TUN_OWNER) && !tun.has(IFLA_TUN_GROUP) ? tun.u32(IFLA_TUN_OWNER) : undefined,
    anybodys: !tun.has(IFLA_TUN_OWNER) && !tun.has(IFLA_TUN_GROUP),
  };
}
