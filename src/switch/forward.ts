/** Forwarding: where a frame goes, by its addresses alone (IEEE 802.1Q 8.6). It reads tables and writes none. */
import { type DropCode, dropCode } from './drop-reason.js';
import { type Fdb, none } from './fdb.js';
import { isGroupAddress, isReservedAddress } from './frame.js';
import { isolatedFlag, lockedFlag, type PortTable, uplinkFlag } from './port-table.js';

/** To every port of the network that may see it. */
export const floodAll = -1;
/** As floodAll, but not to ports that see no frames for others. */
export const floodUnknown = -2;
const firstDrop = -3;

/** What a verdict below floodUnknown says. */
export function dropOf(verdict: number): DropCode {
  return firstDrop - verdict;
}

function drop(reason: DropCode): number {
  return firstDrop - reason;
}

export class Forwarder {
  /** @param ageing seconds after which an address that was not seen is nobody's. */
  constructor(
    private readonly fdb: Fdb,
    private readonly ports: PortTable,
    private readonly ageing: number,
  ) {}

  /**
   * @param now seconds of the clock that addresses are learned by.
   * @returns the slot of the FDB whose port it goes to, or floodAll, floodUnknown, or what dropOf() takes.
   */
  forward(ingress: number, bytes: Uint8Array, at: number, now: number): number {
    if (isGroupAddress(bytes, at)) return isReservedAddress(bytes, at) ? drop(dropCode.reserved) : floodAll;
    const { fdb, ports } = this;
    const slot = fdb.find(ports.networkOf(ingress), bytes, at);
    if (slot === none) return floodUnknown;
    if (!fdb.isPermanent(slot) && now - fdb.seenAt(slot) > this.ageing) return floodUnknown;
    const egress = fdb.portOf(slot);
    if (egress === ingress) return drop(dropCode['same-port']);
    const both = ports.flagsOf(ingress) & ports.flagsOf(egress);
    if (both === 0) return slot;
    if ((both & uplinkFlag) !== 0) return drop(dropCode['between-uplinks']);
    return (both & isolatedFlag) !== 0 ? drop(dropCode.isolated) : slot;
  }

  /**
   * The ports that a flooded frame goes to.
   *
   * @param unknown whether the verdict was floodUnknown.
   * @param into takes them; as long as the network has ports.
   * @returns how many there are.
   */
  flood(ingress: number, unknown: boolean, into: Int32Array): number {
    const { ports } = this;
    const from = ports.flagsOf(ingress) & (uplinkFlag | isolatedFlag);
    const blind = unknown ? isolatedFlag | lockedFlag : 0;
    const members = ports.members(ports.networkOf(ingress));
    let count = 0;
    for (let i = 0; i < members.length; i += 1) {
      const member = members[i] as number;
      const flags = ports.flagsOf(member);
      if (member === ingress || (flags & from) !== 0 || (flags & blind) !== 0) continue;
      into[count] = member;
      count += 1;
    }
    return count;
  }
}
