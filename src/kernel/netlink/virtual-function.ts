/** Builds the requests about SR-IOV functions, and reads the answer (rtnetlink(7), linux/if_link.h). */
import type { FunctionSettings } from '../../core/borrowed-function.js';
import { native } from '../native.js';
import type { VirtualFunction } from '../virtual-functions.js';
import type { Answer } from './answers.js';
import { Attributes, eachAttribute } from './attributes.js';
import type { NetlinkBytes } from './bytes.js';
import { keepFromIpv6, raise, startChange } from './link-requests.js';
import type { Message } from './message.js';

const {
  AF_UNSPEC,
  IFF_UP,
  IFLA_EXT_MASK,
  IFLA_IFALIAS,
  IFLA_PARENT_DEV_NAME,
  IFLA_VFINFO_LIST,
  IFLA_VF_INFO,
  IFLA_VF_MAC,
  IFLA_VF_SPOOFCHK,
  IFLA_VF_VLAN,
  NLM_F_REQUEST,
  RTEXT_FILTER_SKIP_STATS,
  RTEXT_FILTER_VF,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTM_SETLINK,
  ifinfomsg,
  ifla_vf_mac: macSize,
  ifla_vf_spoofchk: spoofCheckSize,
  ifla_vf_vlan: vlanSize,
} = native.constants;
const at = native.constants;

export function askForFunctions(message: Message, physical: number): void {
  const start = message.start(RTM_GETLINK, NLM_F_REQUEST, ifinfomsg);
  message.setU32(start + at['ifinfomsg.ifi_index'], physical);
  message.addU32(IFLA_EXT_MASK, RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS);
}

/** @param change its `vlan` is set with its `priority`. */
export function setFunction(
  message: Message,
  physical: number,
  number: number,
  { address, vlan, priority, spoofCheck }: Partial<FunctionSettings>,
): void {
  startChange(message, RTM_SETLINK, AF_UNSPEC, physical);
  const list = message.startNest(IFLA_VFINFO_LIST);
  const info = message.startNest(IFLA_VF_INFO);
  if (address !== undefined) {
    const mac = message.add(IFLA_VF_MAC, macSize);
    message.bytes.fill(0, mac, mac + macSize);
    message.setU32(mac + at['ifla_vf_mac.vf'], number);
    message.bytes.write(address.replaceAll(':', ''), mac + at['ifla_vf_mac.mac'], 'hex');
  }
  if (vlan !== undefined) {
    const tag = message.add(IFLA_VF_VLAN, vlanSize);
    message.setU32(tag + at['ifla_vf_vlan.vf'], number);
    message.setU32(tag + at['ifla_vf_vlan.vlan'], vlan);
    message.setU32(tag + at['ifla_vf_vlan.qos'], priority ?? 0);
  }
  if (spoofCheck !== undefined) {
    const check = message.add(IFLA_VF_SPOOFCHK, spoofCheckSize);
    message.setU32(check + at['ifla_vf_spoofchk.vf'], number);
    message.setU32(check + at['ifla_vf_spoofchk.setting'], spoofCheck ? 1 : 0);
  }
  message.endNest(info);
  message.endNest(list);
}

export function labelLink(message: Message, ifindex: number, alias: string): void {
  startChange(message, RTM_NEWLINK, AF_UNSPEC, ifindex);
  message.addText(IFLA_IFALIAS, alias);
}

export function keepLinkFromIpv6(message: Message, ifindex: number): void {
  startChange(message, RTM_NEWLINK, AF_UNSPEC, ifindex);
  keepFromIpv6(message);
}

export function setLinkUp(message: Message, ifindex: number, up: boolean): void {
  const start = startChange(message, RTM_NEWLINK, AF_UNSPEC, ifindex);
  if (up) raise(message, start);
  else message.setU32(start + at['ifinfomsg.ifi_change'], IFF_UP);
}

/** What a physical function says: its own PCI device, empty where it has none, and its functions. */
export interface FunctionList {
  readonly device: string;
  readonly functions: readonly Omit<VirtualFunction, 'device'>[];
}

export function readFunctions(memory: NetlinkBytes, answer: Answer): FunctionList {
  const start = answer.at + ifinfomsg;
  const functions: Omit<VirtualFunction, 'device'>[] = [];
  eachAttribute(memory, start, answer.end, (type, list, listEnd) => {
    if (type !== IFLA_VFINFO_LIST) return;
    eachAttribute(memory, list, listEnd, (_type, info, infoEnd) => functions.push(readFunction(memory, info, infoEnd)));
  });
  return { device: new Attributes(memory, start, answer.end).text(IFLA_PARENT_DEV_NAME), functions };
}

function readFunction(memory: NetlinkBytes, start: number, end: number): Omit<VirtualFunction, 'device'> {
  const found = { number: 0, address: '', vlan: 0, priority: 0, spoofCheck: false };
  eachAttribute(memory, start, end, (type, value, valueEnd) => {
    const u32 = (offset: number) => memory.u32[(value + offset) >> 2] ?? 0;
    const size = valueEnd - value;
    if (type === IFLA_VF_MAC && size >= macSize) {
      found.number = u32(at['ifla_vf_mac.vf']);
      const mac = value + at['ifla_vf_mac.mac'];
      found.address = memory.bytes.toString('hex', mac, mac + 6).replaceAll(/..(?!$)/g, '$&:');
    } else if (type === IFLA_VF_VLAN && size >= vlanSize) {
      found.vlan = u32(at['ifla_vf_vlan.vlan']);
      found.priority = u32(at['ifla_vf_vlan.qos']);
    } else if (type === IFLA_VF_SPOOFCHK && size >= spoofCheckSize) {
      // All ones where the driver does not know it
      found.spoofCheck = u32(at['ifla_vf_spoofchk.setting']) === 1;
    }
  });
  return found;
}
