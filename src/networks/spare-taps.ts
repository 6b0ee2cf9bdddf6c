/**
 * Taps made ahead of need. To make one is a third of a grant's time in the kernel, and it can be made on another thread
 * while nobody waits. A spare tap belongs to nobody: it is down, on no bridge, without alias, and open in this process
 * alone, with which it ends. There are none until the first request, more after each of the next ones, and none a minute
 * after the last.
 */
import { randomFillSync } from 'node:crypto';
import { type GrantId, tapName } from '../core/names.js';
import type { Kernel, Tap } from '../kernel/kernel.js';

/** A tap with virtio-net headers, named for the grant that it will be of. */
export interface SpareTap {
  readonly id: GrantId;
  readonly tap: Tap;
}

/** Made at a time. */
const batch = 4;
/** Milliseconds after the last use in which spares are kept. */
const keepingTime = 60_000;

export class SpareTaps implements Disposable {
  readonly #kernel: Kernel;
  #most: number;
  #spares: SpareTap[] = [];
  /** How many there should be by now, at most {@link #most}. */
  #level = 0;
  #filling = false;
  #end: NodeJS.Timeout | undefined;

  /** @param most how many are kept at a time; with 0 there are never any. */
  constructor(kernel: Kernel, most: number) {
    this.#kernel = kernel;
    this.#most = most;
  }

  /** How many there are, each with one descriptor; those that are being made are not among them. */
  get count(): number {
    return this.#spares.length;
  }

  /** Keeps no more than so many from now on, and closes those that are too many. */
  keep(most: number): void {
    this.#most = most;
    this.#level = Math.min(this.#level, most);
    for (const { tap } of this.#spares.splice(most)) tap.fd.close();
  }

  /** @returns one that is the caller's from now on, with its fd; undefined when there is none. */
  take(): SpareTap | undefined {
    if (this.#most === 0) return undefined;
    this.#level = Math.min(this.#most, Math.max(batch, 2 * this.#level));
    if (this.#end === undefined) this.#end = setTimeout(() => this[Symbol.dispose](), keepingTime).unref();
    else this.#end.refresh();
    const spare = this.#spares.pop();
    if (!this.#filling && this.#spares.length <= Math.max(0, this.#level - batch)) {
      this.#filling = true;
      // Not now: the kernel makes one link at a time, and the caller is about to change one
      setImmediate(() => void this.#fill());
    }
    return spare;
  }

  /** Makes no more, and closes those that nobody took. */
  [Symbol.dispose](): void {
    clearTimeout(this.#end);
    this.#end = undefined;
    this.#level = 0;
    for (const { tap } of this.#spares) tap.fd.close();
    this.#spares = [];
  }

  async #fill(): Promise<void> {
    const missing = Math.max(0, this.#level - this.#spares.length);
    const ids = Array.from({ length: Math.min(batch, missing) }, newGrantId);
    const taps = await this.#kernel.openTapsAhead(ids.map(tapName));
    this.#filling = false;
    for (const [index, tap] of taps.entries()) {
      const id = ids[index] as GrantId;
      if (tap === undefined) continue;
      // There may be fewer wanted by now, or none
      if (this.#spares.length < this.#level) this.#spares.push({ id, tap });
      else tap.fd.close();
    }
  }
}

const randomness = Buffer.alloc(1024);
let nextRandom = randomness.length;

/** Four bytes of the kernel's randomness, of which some are fetched at a time. */
export function newGrantId(): GrantId {
  if (nextRandom === randomness.length) {
    randomFillSync(randomness);
    nextRandom = 0;
  }
  const id = randomness.toString('hex', nextRandom, nextRandom + 4) as GrantId;
  nextRandom += 4;
  return id;
}
