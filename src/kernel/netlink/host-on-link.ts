/** The host's own IP on a link: its addresses there, and whether it forwards (rtnetlink(7), linux/netconf.h). */
import { ok, type Result } from 'neverthrow';
import type { SysError } from '../../core/sys-error.js';
import { native } from '../native.js';
import type { HostOnLink } from '../surroundings.js';
import type { Answer } from './answers.js';
import { Attributes } from './attributes.js';
import { align, type NetlinkBytes } from './bytes.js';
import type { Message } from './message.js';
import type { RouteSocket } from './route-socket.js';

const {
  AF_INET,
  AF_INET6,
  NETCONFA_FORWARDING,
  NETCONFA_IFINDEX,
  NETCONFA_IFINDEX_ALL,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  RTM_GETADDR,
  RTM_GETNETCONF,
  RT_SCOPE_LINK,
  ifaddrmsg,
  netconfmsg,
} = native.constants;
const addressFamilyAt = native.constants['ifaddrmsg.ifa_family'];
const addressScopeAt = native.constants['ifaddrmsg.ifa_scope'];
const addressIndexAt = native.constants['ifaddrmsg.ifa_index'];
const netconfFamilyAt = native.constants['netconfmsg.ncm_family'];

/** See Surroundings. */
export function hostOnLink(route: RouteSocket, ifindex: number): Result<HostOnLink, SysError> {
  askForAddresses(route.message, ifindex);
  return route.ask('RTM_GETADDR', readAddress).andThen((addresses) => {
    const here = addresses.filter((address) => address.ifindex === ifindex);
    const routable = new Set(here.filter(({ local }) => !local).map(({ family }) => family));
    const hasAddress = here.length > 0;
    return (routable.has(AF_INET) ? forwards(route, AF_INET, ifindex) : ok(false))
      .andThen((already) =>
        // IPv6 is forwarded on all links or on none
        already || !routable.has(AF_INET6) ? ok(already) : forwards(route, AF_INET6, NETCONFA_IFINDEX_ALL),
      )
      .map((routes) => ({ hasAddress, routes }));
  });
}

function forwards(route: RouteSocket, family: number, ifindex: number): Result<boolean, SysError> {
  askForForwarding(route.message, family, ifindex);
  return route.askOne('RTM_GETNETCONF', readForwarding);
}

/** Of both families, and of that link alone. */
export function askForAddresses(message: Message, ifindex: number): void {
  const at = message.start(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, ifaddrmsg);
  message.setU32(at + addressIndexAt, ifindex);
}

interface Address {
  readonly ifindex: number;
  readonly family: number;
  /** Whether no farther than on the link, or the host. */
  readonly local: boolean;
}

export function readAddress({ bytes, u32 }: NetlinkBytes, { at }: Answer): Address {
  return {
    ifindex: u32[(at + addressIndexAt) >> 2] as number,
    family: bytes[at + addressFamilyAt] as number,
    local: (bytes[at + addressScopeAt] as number) >= RT_SCOPE_LINK,
  };
}

/** @param ifindex or NETCONFA_IFINDEX_ALL. */
export function askForForwarding(message: Message, family: number, ifindex: number): void {
  const at = message.start(RTM_GETNETCONF, NLM_F_REQUEST, netconfmsg);
  message.setU8(at + netconfFamilyAt, family);
  message.addU32(NETCONFA_IFINDEX, ifindex);
}

export function readForwarding(memory: NetlinkBytes, { at, end }: Answer): boolean {
  return new Attributes(memory, at + align(netconfmsg), end).u32(NETCONFA_FORWARDING) !== 0;
}
