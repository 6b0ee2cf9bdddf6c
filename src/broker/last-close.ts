/**
 * Ends the grants of macvtaps that nobody has open: unlike a tap, a macvtap stays when its last descriptor is closed.
 * It is looked at when the kernel tells that a descriptor has ended, and once after a start. Two looks in a row must
 * agree, because a list of locks that changes while it is read may leave one out.
 */
import type { Broker } from './broker.js';
import type { Endings } from './endings.js';
import type { LinkEntry } from './ledger.js';

/** Looks in a row that must agree. */
const agreeing = 2;

interface Doubt {
  /** Whether events tell when it is closed; else it is looked at for as long as it is there. */
  readonly watched: boolean;
  held: number;
  unheld: number;
}

export class LastClose {
  readonly #broker: Broker;
  readonly #endings: Endings;
  readonly #doubtful = new Map<LinkEntry, Doubt>();

  constructor(broker: Broker, endings: Endings) {
    this.#broker = broker;
    this.#endings = endings;
  }

  /** Whether there is anything that {@link look} should look at again. */
  get busy(): boolean {
    return this.#doubtful.size > 0;
  }

  /** A descriptor has ended, or may have while nobody was told. */
  note(entry: LinkEntry): void {
    const watched = this.#doubtful.get(entry)?.watched ?? true;
    this.#doubtful.set(entry, { watched, held: 0, unheld: 0 });
  }

  /** Follows one that may have been closed before. */
  follow(entry: LinkEntry): void {
    const watched = this.#broker.kernel.watchMacvtap(entry.ifindex).isOk();
    this.#doubtful.set(entry, { watched, held: 0, unheld: 0 });
  }

  look(): void {
    const { kernel, ledger } = this.#broker;
    for (const entry of this.#doubtful.keys()) if (ledger.get(entry.id) !== entry) this.#doubtful.delete(entry);
    if (!this.busy) return;
    const looked = kernel.unheldMacvtaps([...this.#doubtful.keys()].map(({ ifindex }) => ifindex));
    if (looked.isErr()) return;
    const unheld = new Set(looked.value);
    for (const [entry, doubt] of this.#doubtful) this.#judge(entry, doubt, unheld.has(entry.ifindex));
  }

  #judge(entry: LinkEntry, doubt: Doubt, unheld: boolean): void {
    doubt.unheld = unheld ? doubt.unheld + 1 : 0;
    doubt.held = unheld ? 0 : doubt.held + 1;
    if (doubt.watched && doubt.held >= agreeing) this.#doubtful.delete(entry);
    if (doubt.unheld < agreeing) return;
    entry.state = 'unheld';
    // It stays in doubt until it is gone, so a deletion that fails is tried again
    void this.#endings.end(entry, 'nobody holds the macvtap');
  }
}
