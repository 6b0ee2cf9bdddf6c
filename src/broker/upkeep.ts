/**
 * Keeps the ledger and the kernel in step, by what rtnetlink tells and by asking anew when it lost something.
 *
 * A tap ends with the last copy of its fd, and its grant with it. Its holder can do more than that (docs/threat-model.md):
 * make it persistent, or forge its carrier (reaper.ts); change its address, which takes other guests' entries out of the
 * forwarding database, so that it is taken off its bridge here and they are put back (static-entries.ts).
 */
import type { Result } from 'neverthrow';
import { type Grant, parseAlias, tapAddress } from '../core/grant.js';
import { tapName } from '../core/names.js';
import { describeSysError, type SysError } from '../core/sys-error.js';
import type { KernelEvent, Link, LinkChange } from '../kernel/kernel.js';
import { auditGrant } from './audit.js';
import type { Broker } from './broker.js';
import type { Endings } from './endings.js';
import type { LinkEntry } from './ledger.js';
import { Macvtaps } from './macvtaps.js';
import { Reaper } from './reaper.js';
import { StaticEntries } from './static-entries.js';

/** Milliseconds between two looks at what an event alone does not settle. */
const lookInterval = 250;

export class Upkeep implements Disposable {
  readonly #broker: Broker;
  readonly #endings: Endings;
  readonly #reaper: Reaper;
  readonly #macvtaps: Macvtaps;
  readonly #staticEntries: StaticEntries;
  /** Events were lost, and the dump that makes up for them has not succeeded yet. */
  #stale = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(broker: Broker, endings: Endings) {
    this.#broker = broker;
    this.#endings = endings;
    this.#reaper = new Reaper(broker, endings);
    this.#macvtaps = new Macvtaps(broker, endings);
    this.#staticEntries = new StaticEntries(broker);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Takes what the kernel told; see kernel/link-events.ts. */
  take(events: readonly KernelEvent[]): void {
    for (const event of events) this.#take(event);
    if (this.#stale) this.#stale = this.reconcile().isErr();
    this.#staticEntries.restore();
    this.#keepLooking();
  }

  #take(event: KernelEvent): void {
    const { ledger } = this.#broker;
    switch (event.tag) {
      case 'link': {
        const entry = ledger.byIfindex(event.link.ifindex);
        if (entry === undefined) return;
        entry.settled ||= event.link.up && event.link.master === entry.master;
        if (entry.settled) this.#examine(entry, event.link);
        return;
      }
      case 'link-gone': {
        const entry = ledger.byIfindex(event.ifindex);
        if (entry !== undefined) this.#endings.gone(entry);
        return;
      }
      case 'static-entry-gone': {
        const entry = ledger.byIfindex(event.ifindex);
        if (entry !== undefined) this.#staticEntries.lost(entry, event.mac);
        return;
      }
      case 'descriptor-closed':
        this.#macvtaps.closed(event.ifindex);
        return;
      case 'overrun':
        this.#broker.count('overruns');
        this.#stale = true;
    }
  }

  #examine(entry: LinkEntry, link: LinkChange): void {
    if (entry.macvtap) this.#macvtaps.examine(entry, link);
    else this.#examineTap(entry, link);
  }

  #examineTap(entry: LinkEntry, link: LinkChange): void {
    if (link.address !== tapAddress(entry.id) && entry.state !== 'quarantined') this.#quarantine(entry, link.address);
    else if (entry.state === 'up' && link.master !== entry.master) {
      entry.state = 'detached';
      this.#tellTampered(entry, 'the port was taken off its bridge');
    } else if (entry.state === 'detached' && link.master === entry.master) entry.state = 'up';
    this.#reaper.note(entry, link);
  }

  #quarantine(entry: LinkEntry, address: string): void {
    const done = this.#broker.kernel.quarantine(entry.ifindex, tapAddress(entry.id));
    const gone = done.isErr() && done.error.code === 'ENODEV';
    entry.state = 'quarantined';
    this.#broker.count('tampered');
    this.#broker.suspensions.add(this.#broker.accountOf(entry.uid));
    const outcome = done.match(
      () => 'the port is down',
      (error) => (gone ? 'and let it go' : `the port could not be put down: ${describeSysError(error)}`),
    );
    this.#tellTampered(entry, `the holder changed the address of the tap to ${address}; ${outcome}`);
    if (done.isErr() && !gone) void this.#endings.end(entry, 'the port could not be put down');
  }

  #keepLooking(): void {
    const busy = this.#stale || this.#reaper.busy || this.#macvtaps.busy || this.#staticEntries.busy;
    if (!busy) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else {
      this.#timer ??= setInterval(() => {
        this.#reaper.reap();
        this.#macvtaps.look();
        this.take([]);
      }, lookInterval);
    }
  }

  /** Asks the kernel for every link and sets the ledger right: at the start, and after lost events. */
  reconcile(): Result<void, SysError> {
    return this.#broker.kernel.listLinks().map((links) => {
      const present = new Set<LinkEntry>();
      for (const link of links) {
        const entry = this.#entryOf(link);
        if (entry === undefined) {
          this.#macvtaps.removeUnclaimed(link);
          continue;
        }
        present.add(entry);
        if (entry.macvtap) this.#macvtaps.follow(entry);
        entry.settled = true;
        this.#examine(entry, link);
        this.#staticEntries.check(entry);
      }
      for (const entry of [...this.#broker.ledger.entries()]) {
        if (entry.ifindex !== null && !present.has(entry)) this.#endings.gone(entry);
      }
    });
  }

  /** The entry of a link, made from its alias when the broker does not know it: it was handed out before a restart. */
  #entryOf(link: Link): LinkEntry | undefined {
    const { ledger } = this.#broker;
    const known = ledger.byIfindex(link.ifindex);
    if (known !== undefined) return known;
    const grant = link.kind === 'tun' || link.kind === 'macvtap' ? parseAlias(link.alias) : undefined;
    if (grant === undefined || ledger.has(grant.id)) return undefined;
    if (link.kind === 'macvtap') return this.#macvtaps.adopt(grant, link);
    // Off its bridge it is quarantined when it is down, and was taken off by an administrator when it is up
    const state = link.master !== 0 ? 'up' : link.up ? 'detached' : 'quarantined';
    const entry: LinkEntry = {
      ...grant,
      ...{ ifname: tapName(grant.id), ifindex: link.ifindex, mtu: link.mtu, state, settled: true },
      ...{ master: link.master || this.#configuredBridge(grant), locked: link.port?.locked === true },
    };
    ledger.add(entry);
    return entry;
  }

  /** ifindex of the bridge that a port of this grant belongs to, by today's configuration; 0 when there is none. */
  #configuredBridge(grant: Grant): number {
    const network = this.#broker.config.networks.get(grant.network);
    if (network?.type !== 'bridge') return 0;
    const bridge = this.#broker.kernel.linkByName(network.bridge).unwrapOr(undefined);
    return bridge?.ifindex ?? 0;
  }

  #tellTampered(entry: LinkEntry, reason: string): void {
    this.#broker.audit.write({ event: 'tampered', ...auditGrant(entry), reason });
  }
}
