/** What upkeep.ts does for macvtaps, which unlike taps have the guest's address, and stay when they are closed. */
import type { Grant } from '../core/grant.js';
import { tapName } from '../core/names.js';
import type { Link, LinkChange } from '../kernel/kernel.js';
import { auditGrant } from './audit.js';
import type { Broker } from './broker.js';
import type { Endings } from './endings.js';
import { LastClose } from './last-close.js';
import type { LinkEntry } from './ledger.js';

export class Macvtaps {
  readonly #broker: Broker;
  readonly #lastClose: LastClose;
  /** Those whose holder has changed their address. */
  readonly #readdressed = new WeakSet<LinkEntry>();

  constructor(broker: Broker, endings: Endings) {
    this.#broker = broker;
    this.#lastClose = new LastClose(broker, endings);
  }

  /** Whether there is anything that {@link look} should look at again. */
  get busy(): boolean {
    return this.#lastClose.busy;
  }

  look(): void {
    this.#lastClose.look();
  }

  /** A descriptor has ended. @param ifindex undefined: of any of them. */
  closed(ifindex: number | undefined): void {
    const { ledger } = this.#broker;
    for (const entry of ifindex === undefined ? ledger.entries() : [ledger.byIfindex(ifindex)]) {
      if (entry !== undefined && entry.ifindex !== null && entry.macvtap) this.#lastClose.note(entry);
    }
  }

  /** No filter is claimed for a macvtap, so there is nothing to protect: a changed address is told, once. */
  examine(entry: LinkEntry, { address }: LinkChange): void {
    if (address === entry.mac || this.#readdressed.has(entry)) return;
    this.#readdressed.add(entry);
    this.#broker.count('tampered');
    const reason = `the address of the macvtap was changed to ${address}; it stays as it is`;
    this.#broker.audit.write({ event: 'tampered', ...auditGrant(entry), reason });
  }

  /** Follows one that a dump of all links has, and whose end nobody may have told. */
  follow(entry: LinkEntry): void {
    this.#lastClose.follow(entry);
  }

  /** Takes one that was handed out before a restart into the ledger. */
  adopt(grant: Grant, { ifindex, mtu }: Link): LinkEntry {
    const entry: LinkEntry = {
      ...grant,
      ...{
        ifname: tapName(grant.id),
        ifindex,
        mtu,
        macvtap: true,
        master: 0,
        locked: false,
        state: 'up',
        settled: true,
      },
    };
    this.#broker.ledger.add(entry);
    return entry;
  }

  /** Deletes a macvtap that a broker made and was killed before it could write on it whose it is. */
  removeUnclaimed({ ifindex, alias, macvtap }: Link): void {
    if (macvtap?.ours !== true || alias !== '') return;
    const { kernel } = this.#broker;
    const unheld: readonly number[] = kernel.unheldMacvtaps([ifindex]).unwrapOr([]);
    if (unheld.includes(ifindex)) void kernel.deleteLink(ifindex);
  }
}
