/**
 * Ends the grants of taps that nobody has open. A tap ends with the last copy of its fd unless its holder made it
 * persistent; and a holder can forge the carrier, so a tap without one is looked at until it is gone.
 */
import type { InterfaceName } from '../core/names.js';
import type { Link, LinkChange } from '../kernel/kernel.js';
import type { Broker } from './broker.js';
import type { Endings } from './endings.js';
import type { LinkEntry } from './ledger.js';

/** Taps looked at in one turn: some 30 µs each, and a user can have all of theirs in doubt. */
const looksATurn = 64;

export class Reaper {
  readonly #broker: Broker;
  readonly #endings: Endings;
  /** Taps without carrier, or persistent: perhaps held by nobody. */
  readonly #doubtful = new Set<LinkEntry>();

  constructor(broker: Broker, endings: Endings) {
    this.#broker = broker;
    this.#endings = endings;
  }

  /** Whether there is anything that {@link reap} should look at again. */
  get busy(): boolean {
    return this.#doubtful.size > 0;
  }

  /** Takes note of what the kernel tells of a tap. */
  note(entry: LinkEntry, link: LinkChange): void {
    if (!link.carrier || link.tun?.persist === true) this.#doubtful.add(entry);
    else this.#doubtful.delete(entry);
  }

  reap(): void {
    const { kernel, ledger } = this.#broker;
    for (const entry of [...this.#doubtful].slice(0, looksATurn)) {
      this.#doubtful.delete(entry);
      if (ledger.get(entry.id) !== entry) continue;
      // To the end of the line
      this.#doubtful.add(entry);
      this.#reapOne(entry, kernel.linkByIndex(entry.ifindex).unwrapOr(undefined));
    }
  }

  #reapOne(entry: LinkEntry, link: Link | undefined): void {
    if (link === undefined || this.#broker.kernel.tapIsHeld(link.name as InterfaceName).unwrapOr(true)) return;
    entry.state = 'unheld';
    void this.#endings.end(entry, 'nobody holds the tap');
  }
}
