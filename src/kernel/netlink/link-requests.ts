/** Builds the requests about links (rtnetlink(7), linux/if_link.h). Each asks for an acknowledgement where it changes. */
import type { HostTapNames } from '../host-taps.js';
import type { BridgePort, Enslavement } from '../kernel.js';
import { native } from '../native.js';
import type { Message } from './message.js';

const {
  AF_INET6,
  AF_UNSPEC,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_BRPORT_ISOLATED,
  IFLA_BRPORT_LEARNING,
  IFLA_BRPORT_LOCKED,
  IFLA_BRPORT_MODE,
  IFLA_BRPORT_UNICAST_FLOOD,
  IFLA_EXT_MASK,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INFO_KIND,
  IFLA_INFO_SLAVE_DATA,
  IFLA_INFO_SLAVE_KIND,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  IN6_ADDR_GEN_MODE_NONE,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  RTEXT_FILTER_SKIP_STATS,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
  ifinfomsg,
} = native.constants;
const familyAt = native.constants['ifinfomsg.ifi_family'];
const indexAt = native.constants['ifinfomsg.ifi_index'];
const flagsAt = native.constants['ifinfomsg.ifi_flags'];
const changeAt = native.constants['ifinfomsg.ifi_change'];

const portAttributes: Readonly<Record<keyof BridgePort, number>> = {
  learning: IFLA_BRPORT_LEARNING,
  locked: IFLA_BRPORT_LOCKED,
  isolated: IFLA_BRPORT_ISOLATED,
  hairpin: IFLA_BRPORT_MODE,
  flood: IFLA_BRPORT_UNICAST_FLOOD,
};

/**
 * Begins a change of one link.
 * @param family AF_UNSPEC, or AF_BRIDGE for its bridge port.
 * @returns where its ifinfomsg begins.
 */
export function startChange(message: Message, type: number, family: number, ifindex: number): number {
  const at = message.start(type, NLM_F_REQUEST | NLM_F_ACK, ifinfomsg);
  message.setU8(at + familyAt, family);
  message.setU32(at + indexAt, ifindex);
  return at;
}

export function askForLink(message: Message, which: { readonly ifindex: number } | { readonly name: string }): void {
  const at = message.start(RTM_GETLINK, NLM_F_REQUEST, ifinfomsg);
  if ('name' in which) message.addText(IFLA_IFNAME, which.name);
  else message.setU32(at + indexAt, which.ifindex);
  message.addU32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

/** @param kind of links, the only ones then that the kernel tells of; left out: every one. */
export function askForLinks(message: Message, kind?: string): void {
  message.start(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, ifinfomsg);
  message.addU32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  if (kind === undefined) return;
  const info = message.startNest(IFLA_LINKINFO);
  message.addText(IFLA_INFO_KIND, kind);
  message.endNest(info);
}

/** @param ipv6 whether to say that the link makes itself no IPv6 address; EAFNOSUPPORT where the link has no IPv6. */
export function joinBridge(message: Message, ifindex: number, change: Enslavement, ipv6: boolean): void {
  startChange(message, RTM_NEWLINK, AF_UNSPEC, ifindex);
  message.addMac(IFLA_ADDRESS, change.address);
  message.addU32(IFLA_MTU, change.mtu);
  message.addText(IFLA_IFALIAS, change.alias);
  message.addU32(IFLA_MASTER, change.master);
  if (ipv6) keepFromIpv6(message);
}

export function nameLink(message: Message, ifindex: number, change: HostTapNames): void {
  startChange(message, RTM_NEWLINK, AF_UNSPEC, ifindex);
  message.addMac(IFLA_ADDRESS, change.address);
  message.addU32(IFLA_MTU, change.mtu);
  message.addText(IFLA_IFALIAS, change.alias);
}

/** The link makes itself no IPv6 address. EAFNOSUPPORT where it has no IPv6. */
export function keepFromIpv6(message: Message): void {
  const families = message.startNest(IFLA_AF_SPEC);
  const inet6 = message.startNest(AF_INET6);
  message.addU8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  message.endNest(inet6);
  message.endNest(families);
}

/** Port flags go by IFLA_LINKINFO: as IFLA_PROTINFO of AF_UNSPEC the kernel takes them and applies nothing. */
export function portUp(message: Message, ifindex: number, port: Partial<BridgePort>): void {
  const at = startChange(message, RTM_NEWLINK, AF_UNSPEC, ifindex);
  raise(message, at);
  const info = message.startNest(IFLA_LINKINFO);
  message.addText(IFLA_INFO_SLAVE_KIND, 'bridge');
  const data = message.startNest(IFLA_INFO_SLAVE_DATA);
  for (const [flag, attribute] of Object.entries(portAttributes)) {
    const value = port[flag as keyof BridgePort];
    if (value !== undefined) message.addU8(attribute, value ? 1 : 0);
  }
  message.endNest(data);
  message.endNest(info);
}

/**
 * What has to hold before a link is up goes into a message before this one: Linux sets the flags before it looks at
 * IFLA_AF_SPEC, so that the link would have an IPv6 address of the host's, and 6.18 also before IFLA_MASTER.
 */
export function raise(message: Message, at: number): void {
  message.setU32(at + flagsAt, IFF_UP);
  message.setU32(at + changeAt, IFF_UP);
}

export function leaveBridge(message: Message, ifindex: number): void {
  const at = startChange(message, RTM_NEWLINK, AF_UNSPEC, ifindex);
  message.setU32(at + changeAt, IFF_UP);
  message.addU32(IFLA_MASTER, 0);
}

export function changeAddress(message: Message, ifindex: number, address: string): void {
  startChange(message, RTM_NEWLINK, AF_UNSPEC, ifindex);
  message.addMac(IFLA_ADDRESS, address);
}

export function removeLink(message: Message, ifindex: number): void {
  startChange(message, RTM_DELLINK, AF_UNSPEC, ifindex);
}
