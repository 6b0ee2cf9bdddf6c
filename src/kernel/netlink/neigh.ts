/** Forwarding entries of a bridge (linux/neighbour.h; bridge(8), "fdb"). */
import { err, ok, type Result } from 'neverthrow';
import type { SysError } from '../../core/sys-error.js';
import { native } from '../native.js';
import type { Answer } from './answers.js';
import { Attributes } from './attributes.js';
import type { NetlinkBytes } from './bytes.js';
import type { Message } from './message.js';
import { type RouteSocket, undefinedOn } from './route-socket.js';
import { portVlans } from './vlan.js';

const {
  AF_BRIDGE,
  NDA_LLADDR,
  NDA_MASTER,
  NDA_VLAN,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  NTF_MASTER,
  NTF_STICKY,
  NUD_NOARP,
  NUD_PERMANENT,
  RTM_GETNEIGH,
  RTM_NEWNEIGH,
  ndmsg,
} = native.constants;
const familyAt = native.constants['ndmsg.ndm_family'];
const indexAt = native.constants['ndmsg.ndm_ifindex'];
const stateAt = native.constants['ndmsg.ndm_state'];
const flagsAt = native.constants['ndmsg.ndm_flags'];

/** An address a bridge knows. */
export interface ForwardingEntry {
  /** The port it is behind, or the bridge itself. */
  readonly ifindex: number;
  readonly mac: string;
  readonly vlan: number | undefined;
  /** Learned from a frame, or at least free to age and move; else it is static, or a local address of the bridge. */
  readonly learned: boolean;
  /** As {@link putStaticEntry} makes it: NUD_NOARP and NTF_STICKY. */
  readonly sticky: boolean;
}

/** Where an entry is looked for: in a bridge, or in that of a port. */
type Place = { readonly bridge: number } | { readonly port: number };

/** See Kernel. Without a VLAN the kernel adds an entry for none and for each VLAN of the port. */
export function addStaticEntry(
  route: RouteSocket,
  ifindex: number,
  mac: string,
  vlan: number | undefined,
): Result<void, SysError> {
  const put = (takeOver: boolean) => {
    putStaticEntry(route.message, ifindex, mac, vlan, takeOver);
    return route.change('RTM_NEWNEIGH (static entry)');
  };
  const added = put(false);
  if (added.isOk() || added.error.code !== 'EEXIST') return added;
  const vlans = vlansOf(route, ifindex, vlan);
  return findEntries(route, { port: ifindex }, mac, vlans).andThen((found) => {
    // The kernel stops at the first that exists: those before it are of our making.
    const ours = found.filter((entry) => entry.sticky && entry.ifindex === ifindex);
    const learned = found.filter((entry) => entry.learned);
    const free = ours.length + learned.length === found.length && ours.length < vlans.length;
    return free ? put(true) : added;
  });
}

/** See Kernel. */
export function hasStaticEntry(
  route: RouteSocket,
  bridge: number,
  ifindex: number,
  mac: string,
  vlan: number | undefined,
): Result<boolean, SysError> {
  const vlans = vlansOf(route, ifindex, vlan);
  return findEntries(route, { bridge }, mac, vlans).map(
    (found) => found.length === vlans.length && found.every((entry) => entry.sticky && entry.ifindex === ifindex),
  );
}

function vlansOf(route: RouteSocket, ifindex: number, vlan: number | undefined): (number | undefined)[] {
  if (vlan !== undefined) return [vlan];
  const members = portVlans(route, ifindex).unwrapOr([]);
  return [undefined, ...members.map((member) => member.vlan)];
}

function findEntries(
  route: RouteSocket,
  place: Place,
  mac: string,
  vlans: readonly (number | undefined)[],
): Result<ForwardingEntry[], SysError> {
  const found: ForwardingEntry[] = [];
  for (const vlan of vlans) {
    askForEntry(route.message, place, mac, vlan);
    const entry = undefinedOn('ENOENT', route.askOne('RTM_GETNEIGH', readEntry));
    if (entry.isErr()) return err(entry.error);
    if (entry.value !== undefined) found.push(entry.value);
  }
  return ok(found);
}

/** @param takeOver replaces what there is; else EEXIST when there is an entry of any kind. */
export function putStaticEntry(
  message: Message,
  ifindex: number,
  mac: string,
  vlan: number | undefined,
  takeOver: boolean,
): void {
  const mode = takeOver ? NLM_F_REPLACE : NLM_F_EXCL;
  const at = message.start(RTM_NEWNEIGH, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | mode, ndmsg);
  message.setU8(at + familyAt, AF_BRIDGE);
  message.setU32(at + indexAt, ifindex);
  message.setU16(at + stateAt, NUD_NOARP);
  message.setU8(at + flagsAt, NTF_MASTER | NTF_STICKY);
  message.addMac(NDA_LLADDR, mac);
  if (vlan !== undefined) message.addU16(NDA_VLAN, vlan);
}

/** ENOENT when the bridge, or the port's bridge, does not know the address. */
export function askForEntry(message: Message, place: Place, mac: string, vlan: number | undefined): void {
  const at = message.start(RTM_GETNEIGH, NLM_F_REQUEST, ndmsg);
  message.setU8(at + familyAt, AF_BRIDGE);
  if ('bridge' in place) {
    message.addU32(NDA_MASTER, place.bridge);
  } else {
    message.setU32(at + indexAt, place.port);
    message.setU8(at + flagsAt, NTF_MASTER);
  }
  message.addMac(NDA_LLADDR, mac);
  if (vlan !== undefined) message.addU16(NDA_VLAN, vlan);
}

export function readEntry(memory: NetlinkBytes, { at, end }: Answer): ForwardingEntry {
  const state = memory.u16[(at + stateAt) >> 1] as number;
  const flags = memory.bytes[at + flagsAt] as number;
  const entry = new Attributes(memory, at + ndmsg, end);
  return {
    ifindex: memory.u32[(at + indexAt) >> 2] as number,
    mac: entry.mac(NDA_LLADDR),
    vlan: entry.has(NDA_VLAN) ? entry.u16(NDA_VLAN) : undefined,
    learned: (state & (NUD_NOARP | NUD_PERMANENT)) === 0,
    sticky: (state & NUD_NOARP) !== 0 && (flags & NTF_STICKY) !== 0,
  };
}
