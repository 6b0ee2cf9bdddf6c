/**
 * Taps made ahead of need. To make one is a third of a grant's time in the kernel, and it can be made on another thread
 * while nobody waits. A spare tap belongs to nobody: it is down, on no bridge, without alias, and open in this process
 * alone, with which it ends. There are none until the first request, the more the faster they are used, and none a
 * minute after the last.
 */
import { randomFillSync } from 'node:crypto';
import { type GrantId, tapName } from '../core/names.js';
import type { Kernel, Tap } from '../kernel/kernel.js';

/** A tap with virtio-net headers, named for the grant that it will be of. */
export interface SpareTap {
  readonly id: GrantId;
  readonly tap: Tap;
}

/** What can be kept: a burst of requests uses them no faster than so many are made at a time. */
const mostSpares = 16;
/** Made at a time. */
const batch = 4;
/** Milliseconds after the last use in which spares are kept. */
const keepingTime = 60_000;

export class SpareTaps implements Disposable {
  readonly #kernel: Kernel;
  #spares: SpareTap[] = [];
  /** How many there should be. */
  #level = 0;
  #filling = false;
  #end: NodeJS.Timeout | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** @returns one that is the caller's from now on, with its fd; undefined when there is none. */
  take(): SpareTap | undefined {
    this.#level = Math.min(mostSpares, Math.max(batch, 2 * this.#level));
    if (this.#end === undefined) this.#end = setTimeout(() => this[Symbol.dispose](), keepingTime).unref();
    else this.#end.refresh();
    const spare = this.#spares.pop();
    if (!this.#filling && this.#spares.length <= this.#level - batch) {
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
    const ids = Array.from({ length: Math.min(batch, this.#level - this.#spares.length) }, newGrantId);
    const taps = await this.#kernel.openTapsAhead(ids.map(tapName));
    this.#filling = false;
    for (const [index, tap] of taps.entries()) {
      const id = ids[index] as GrantId;
      if (tap === undefined) continue;
      if (this.#level > 0) this.#spares.push({ id, tap });
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
