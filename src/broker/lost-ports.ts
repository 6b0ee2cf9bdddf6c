/** Which of the ports that networks have by themselves are missing, since when, why, and when each is to be tried again. */
import { performance } from 'node:perf_hooks';
import type { NetworkName } from '../core/names.js';
import type { OwnRole } from '../core/port-label.js';

/** Milliseconds until the second try; every further one waits twice as long. */
const firstPause = 100;
/** Tries in a row: half a minute. From then on it is the next event that counts. */
const mostTries = 9;
/** Milliseconds for which a port has to have stood, so that what came before does not count. */
const standing = 10_000;

/** One that is missing. */
export interface LostPort {
  readonly network: NetworkName;
  readonly role: OwnRole;
  /** Seconds since 1970. */
  readonly since: number;
  /** One sentence; undefined: it is being made anew, and nobody was told of it. */
  reason: string | undefined;
  /** How often it was tried in a row. */
  readonly tries: number;
}

interface Record extends LostPort {
  tries: number;
  /** When it is to be tried, or was made. */
  at: number;
  /** It is there, and stays here for what came before. */
  made: boolean;
}

export class LostPorts {
  readonly #records = new Map<string, Record>();

  /** @param now milliseconds, of a clock that does not go back. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  *[Symbol.iterator](): IterableIterator<LostPort> {
    for (const record of this.#records.values()) if (!record.made) yield record;
  }

  get(network: NetworkName, role: OwnRole): LostPort | undefined {
    const record = this.#records.get(keyOf(network, role));
    return record?.made === false ? record : undefined;
  }

  /** It is to be tried soon; one that was made a moment ago by now waits as its tries say. */
  add(network: NetworkName, role: OwnRole): LostPort {
    const now = this.now();
    const known = this.#records.get(keyOf(network, role));
    if (known?.made === false) return known;
    const tries = known !== undefined && now - known.at < standing ? known.tries : 0;
    const since = Math.floor(Date.now() / 1000);
    const record = { network, role, since, reason: undefined, tries, at: now + pauseAfter(tries), made: false };
    this.#records.set(keyOf(network, role), record);
    return record;
  }

  /** Something has changed: all are to be tried at once. */
  hurry(): void {
    for (const record of this.#records.values()) if (!record.made) Object.assign(record, { tries: 0, at: 0 });
  }

  /** Those whose time has come, so many at most; each counts as tried. */
  due(most: number): LostPort[] {
    const now = this.now();
    const found = [...this.#records.values()].filter(({ made, at }) => !made && at <= now).slice(0, most);
    for (const record of found) {
      record.tries += 1;
      record.at = now + pauseAfter(record.tries);
    }
    return found;
  }

  /** Milliseconds until one is due; undefined: none will be. */
  get wait(): number | undefined {
    const next = Math.min(...[...this.#records.values()].map(({ made, at }) => (made ? Number.POSITIVE_INFINITY : at)));
    return Number.isFinite(next) ? Math.max(0, next - this.now()) : undefined;
  }

  /** It is there again. */
  made(network: NetworkName, role: OwnRole): void {
    const record = this.#records.get(keyOf(network, role));
    if (record !== undefined) Object.assign(record, { made: true, at: this.now() });
  }

  /** Of a network that is to have none any more. */
  forget(network: NetworkName): void {
    for (const [key, record] of this.#records) if (record.network === network) this.#records.delete(key);
  }
}

function keyOf(network: NetworkName, role: OwnRole): string {
  return `${role} ${network}`;
}

function pauseAfter(tries: number): number {
  if (tries >= mostTries) return Number.POSITIVE_INFINITY;
  return tries === 0 ? 0 : firstPause * 2 ** (tries - 1);
}
