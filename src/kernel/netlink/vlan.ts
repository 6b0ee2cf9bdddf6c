/** VLANs of a bridge port (linux/if_bridge.h; bridge(8), "vlan"). */
import { ok, type Result } from 'neverthrow';
import type { SysError } from '../../core/sys-error.js';
import type { PortVlan } from '../kernel.js';
import { native } from '../native.js';
import type { Answer } from './answers.js';
import { Attributes, eachAttribute } from './attributes.js';
import type { NetlinkBytes } from './bytes.js';
import { startChange } from './link-requests.js';
import type { Message } from './message.js';
import type { RouteSocket } from './route-socket.js';

const {
  AF_BRIDGE,
  BRIDGE_VLANDB_ENTRY,
  BRIDGE_VLANDB_ENTRY_INFO,
  BRIDGE_VLANDB_ENTRY_RANGE,
  BRIDGE_VLAN_INFO_PVID,
  BRIDGE_VLAN_INFO_UNTAGGED,
  IFLA_AF_SPEC,
  IFLA_BRIDGE_VLAN_INFO,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  RTM_DELLINK,
  RTM_GETVLAN,
  RTM_SETLINK,
  br_vlan_msg,
  bridge_vlan_info,
} = native.constants;
const familyAt = native.constants['br_vlan_msg.family'];
const indexAt = native.constants['br_vlan_msg.ifindex'];
const infoFlagsAt = native.constants['bridge_vlan_info.flags'];
const infoVidAt = native.constants['bridge_vlan_info.vid'];

/** See Kernel. */
export function setAccessVlan(route: RouteSocket, ifindex: number, vlan: number): Result<void, SysError> {
  putAccessVlan(route.message, ifindex, vlan);
  const put = explained(route.change('RTM_SETLINK (access VLAN)'));
  if (put.isErr()) return put;
  return portVlans(route, ifindex).andThen((members) => {
    const others = members.map((member) => member.vlan).filter((other) => other !== vlan);
    if (others.length === 0) return ok();
    removeVlans(route.message, ifindex, others);
    return route.change('RTM_DELLINK (other VLANs)');
  });
}

export function portVlans(route: RouteSocket, ifindex: number): Result<PortVlan[], SysError> {
  askForVlans(route.message, ifindex);
  return explained(route.ask('RTM_GETVLAN', readVlans)).map((vlans) => vlans.flat());
}

/** The kernel says no more than that when it has no VLANs. */
function explained<T>(answer: Result<T, SysError>): Result<T, SysError> {
  const detail = 'the kernel has no bridge VLAN filtering, or the link is no port of a bridge';
  return answer.mapErr((error) => (error.code === 'EOPNOTSUPP' ? { detail, ...error } : error));
}

/** Makes the port a member of the VLAN, which its untagged frames then belong to. */
export function putAccessVlan(message: Message, ifindex: number, vlan: number): void {
  startChange(message, RTM_SETLINK, AF_BRIDGE, ifindex);
  addVlans(message, [vlan], BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
}

export function removeVlans(message: Message, ifindex: number, vlans: readonly number[]): void {
  startChange(message, RTM_DELLINK, AF_BRIDGE, ifindex);
  addVlans(message, vlans, 0);
}

function addVlans(message: Message, vlans: readonly number[], flags: number): void {
  const spec = message.startNest(IFLA_AF_SPEC);
  for (const vlan of vlans) {
    const at = message.add(IFLA_BRIDGE_VLAN_INFO, bridge_vlan_info);
    message.setU16(at + infoFlagsAt, flags);
    message.setU16(at + infoVidAt, vlan);
  }
  message.endNest(spec);
}

/** EOPNOTSUPP where the kernel has no VLAN filtering. */
export function askForVlans(message: Message, ifindex: number): void {
  const at = message.start(RTM_GETVLAN, NLM_F_REQUEST | NLM_F_DUMP, br_vlan_msg);
  message.setU8(at + familyAt, AF_BRIDGE);
  message.setU32(at + indexAt, ifindex);
}

/** Each entry stands for a VLAN, or for all from it to BRIDGE_VLANDB_ENTRY_RANGE. */
export function readVlans(memory: NetlinkBytes, { at, end }: Answer): PortVlan[] {
  const vlans: PortVlan[] = [];
  eachAttribute(memory, at + br_vlan_msg, end, (type, from, to) => {
    if (type !== BRIDGE_VLANDB_ENTRY) return;
    const entry = new Attributes(memory, from, to);
    const flags = entry.u16(BRIDGE_VLANDB_ENTRY_INFO, infoFlagsAt);
    const pvid = (flags & BRIDGE_VLAN_INFO_PVID) !== 0;
    const untagged = (flags & BRIDGE_VLAN_INFO_UNTAGGED) !== 0;
    const first = entry.u16(BRIDGE_VLANDB_ENTRY_INFO, infoVidAt);
    const last = entry.has(BRIDGE_VLANDB_ENTRY_RANGE) ? entry.u16(BRIDGE_VLANDB_ENTRY_RANGE) : first;
    for (let vlan = first; vlan <= last; vlan++) vlans.push({ vlan, pvid, untagged });
  });
  return vlans;
}
