/**
 * Keeps the static forwarding entries of locked ports. Whoever changes a tap's address to another guest's takes that
 * guest's entry out of the bridge's forwarding database, so entries that are gone are put back.
 */
import { auditGrant } from './audit.js';
import type { Broker } from './broker.js';
import type { LinkEntry } from './ledger.js';

export class StaticEntries {
  readonly #broker: Broker;
  /** Locked ports whose entry is gone. */
  readonly #lost = new Set<LinkEntry>();

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** Whether there is anything that {@link restore} should try again. */
  get busy(): boolean {
    return this.#lost.size > 0;
  }

  /** The kernel told that an entry for `mac` is gone from this port. */
  lost(entry: LinkEntry, mac: string): void {
    if (entry.locked && entry.mac === mac) this.#lost.add(entry);
  }

  /** Asks the kernel whether the port still has its entry. */
  check(entry: LinkEntry): void {
    if (!entry.locked || entry.state !== 'up') return;
    const has = this.#broker.kernel.hasStaticEntry(entry.master, entry.ifindex, entry.mac, entry.vlan);
    if (!has.unwrapOr(true)) this.#lost.add(entry);
  }

  restore(): void {
    const { kernel, ledger } = this.#broker;
    for (const entry of this.#lost) {
      if (entry.state !== 'up' || ledger.get(entry.id) !== entry) this.#lost.delete(entry);
      // EEXIST while another port still has the address: that port is being quarantined, so this is tried again
      else if (kernel.addStaticEntry(entry.ifindex, entry.mac, entry.vlan).isOk()) this.#restored(entry);
    }
  }

  #restored(entry: LinkEntry): void {
    this.#lost.delete(entry);
    this.#broker.count('restored');
    this.#broker.audit.write({
      event: 'restored',
      ...auditGrant(entry),
      reason: `the forwarding entry of ${entry.mac} had been removed`,
    });
  }
}
