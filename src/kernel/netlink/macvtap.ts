/** Builds the requests about macvtaps, and reads what is told of them (rtnetlink(7), linux/if_link.h). */
import type { Link, MacvtapPlan } from '../kernel.js';
import { native } from '../native.js';
import type { Attributes } from './attributes.js';
import { keepFromIpv6, raise, startChange } from './link-requests.js';
import type { Message } from './message.js';

const {
  AF_UNSPEC,
  IFLA_ADDRESS,
  IFLA_GROUP,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MACVLAN_MODE,
  IFLA_MTU,
  MACVLAN_MODE_BRIDGE,
  MACVLAN_MODE_PASSTHRU,
  MACVLAN_MODE_PRIVATE,
  MACVLAN_MODE_VEPA,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  RTM_NEWLINK,
  ifinfomsg,
} = native.constants;
const indexAt = native.constants['ifinfomsg.ifi_index'];

/** The group of the links that we make: `fdbr`, also in conf/udev. It is theirs from the message on that makes them. */
const group = 0x66_64_62_72;

const modes = {
  private: MACVLAN_MODE_PRIVATE,
  vepa: MACVLAN_MODE_VEPA,
  bridge: MACVLAN_MODE_BRIDGE,
  passthru: MACVLAN_MODE_PASSTHRU,
} as const;

/** @param ifindex of the link to be made. */
export function createMacvtap(message: Message, name: string, ifindex: number, plan: MacvtapPlan): void {
  const at = message.start(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ifinfomsg);
  message.setU32(at + indexAt, ifindex);
  message.addText(IFLA_IFNAME, name);
  message.addU32(IFLA_LINK, plan.parent);
  message.addMac(IFLA_ADDRESS, plan.address);
  message.addU32(IFLA_MTU, plan.mtu);
  message.addU32(IFLA_GROUP, group);
  const info = message.startNest(IFLA_LINKINFO);
  message.addText(IFLA_INFO_KIND, 'macvtap');
  const data = message.startNest(IFLA_INFO_DATA);
  message.addU32(IFLA_MACVLAN_MODE, modes[plan.mode]);
  message.endNest(data);
  message.endNest(info);
}

/** @param ipv6 as of joinBridge. */
export function claimMacvtap(
  message: Message,
  ifindex: number,
  change: { readonly address: string; readonly alias: string },
  ipv6: boolean,
): void {
  startChange(message, RTM_NEWLINK, AF_UNSPEC, ifindex);
  message.addMac(IFLA_ADDRESS, change.address);
  message.addText(IFLA_IFALIAS, change.alias);
  if (ipv6) keepFromIpv6(message);
}

/** By itself: Linux would bring the link up before it keeps it from making IPv6 addresses. */
export function raiseMacvtap(message: Message, ifindex: number): void {
  raise(message, startChange(message, RTM_NEWLINK, AF_UNSPEC, ifindex));
}

/** @param link a macvtap's attributes. @param data those of IFLA_INFO_DATA. */
export function readMacvtap(link: Attributes, data: Attributes): NonNullable<Link['macvtap']> {
  const number = data.u32(IFLA_MACVLAN_MODE);
  const mode = (Object.keys(modes) as (keyof typeof modes)[]).find((one) => modes[one] === number);
  return { parent: link.u32(IFLA_LINK), mode, ours: link.u32(IFLA_GROUP) === group };
}
