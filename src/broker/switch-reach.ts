/** The switch that there is to be: the one that runs, or one that is started, and another when that is lost. */
import { performance } from 'node:perf_hooks';
import { err, ok, type Result } from 'neverthrow';
import { describeSysError } from '../core/sys-error.js';
import { complain } from './complain.js';
import type { Found, SwitchLink } from './switch-link.js';

/** Milliseconds before a switch is started again that lasted no longer than that. */
const pause = 1000;
/** Milliseconds that a switch has to tell of its ports before anybody is served, and later, when all wait meanwhile. */
const [first, later] = [1000, 20];

export interface SwitchUse {
  /** Whether there is something for a switch to carry. */
  wanted(): boolean;
  /** There is a switch, with these ports, whose descriptors are no more ours. */
  agree(found: readonly Found[]): void;
  /** There is a switch by itself, and not because somebody needs one now. */
  back(): void;
  /** There is none any more, and none is wanted. */
  over(): void;
}

export class SwitchReach implements Disposable {
  #started = Number.NEGATIVE_INFINITY;
  #later: NodeJS.Timeout | undefined;
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly link: SwitchLink,
    private readonly use: SwitchUse,
  ) {}

  /** For the start, when nobody is served as yet; see SwitchLink. */
  find(): Found[] | 'coming' | undefined {
    return this.link.find(first);
  }

  /** @returns why there is no switch now, a sentence. */
  connect(): Result<void, string> {
    if (this.link.connected) return ok();
    const found = this.link.find(later);
    if (found === 'coming') return err('the switch is just coming up; try again in a moment');
    if (found !== undefined) {
      this.use.agree(found);
      return ok();
    }
    if (performance.now() - this.#started < pause) return err('the switch has just ended; try again in a second');
    this.#started = performance.now();
    return this.link
      .start()
      .map(() => this.use.agree([]))
      .mapErr((error) => `the switch cannot be started: ${describeSysError(error)}`);
  }

  /** Resolves when a switch that is just coming up is there, or is given up; undefined: there is none to wait for. */
  ready(): Promise<void> | undefined {
    if (this.connect().isOk() || !this.link.coming) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** One that was just coming up is there. */
  found(ports: readonly Found[]): void {
    this.use.agree(ports);
    this.use.back();
    this.#settle();
  }

  /** The switch has ended: the next one gets its ports. */
  lost(): void {
    this.#settle();
    if (!this.use.wanted()) return this.use.over();
    const wait = Math.max(0, pause - (performance.now() - this.#started));
    complain('the switch is lost, and its ports get another');
    clearTimeout(this.#later);
    this.#later = setTimeout(() => {
      const connected = this.connect();
      if (connected.isOk()) return this.use.back();
      // What becomes of it is told
      if (this.link.coming) return;
      complain(connected.error);
      this.lost();
    }, wait);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#later);
    this.#settle();
  }

  #settle(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
