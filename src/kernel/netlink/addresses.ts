/** The addresses of a link (rtnetlink(7), linux/if_addr.h). */
import type { Result } from 'neverthrow';
import type { SysError } from '../../core/sys-error.js';
import { native } from '../native.js';
import type { Answer } from './answers.js';
import { Attributes } from './attributes.js';
import { align, type NetlinkBytes } from './bytes.js';
import { askForAddresses, readAddress } from './host-on-link.js';
import type { RouteSocket } from './route-socket.js';

const { AF_INET, AF_INET6, IFA_ADDRESS, IFA_F_TENTATIVE, IFA_LOCAL, ifaddrmsg } = native.constants;
const flagsAt = native.constants['ifaddrmsg.ifa_flags'];

/** See Surroundings. */
export function addressesOn(route: RouteSocket, ifindex: number, six: boolean): Result<readonly string[], SysError> {
  askForAddresses(route.message, ifindex);
  return route.ask('RTM_GETADDR', readText).map((addresses) =>
    addresses
      .filter((one) => one.ifindex === ifindex && one.family === (six ? AF_INET6 : AF_INET) && !one.tentative)
      // In an order that does not depend on which of them is newest
      .sort((one, other) => Number(one.local) - Number(other.local) || (one.text < other.text ? -1 : 1))
      .map(({ text }) => text),
  );
}

export function readText(memory: NetlinkBytes, answer: Answer) {
  const attributes = new Attributes(memory, answer.at + align(ifaddrmsg), answer.end);
  // Where both are there, as on links from point to point, the other is the far end's
  const text = attributes.hex(attributes.has(IFA_LOCAL) ? IFA_LOCAL : IFA_ADDRESS);
  const tentative = ((memory.bytes[answer.at + flagsAt] as number) & IFA_F_TENTATIVE) !== 0;
  return { ...readAddress(memory, answer), text, tentative };
}
