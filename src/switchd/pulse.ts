/**
 * Whether a thread goes on: a number in shared memory, which it adds 1 to before and after each wait, and another, which it
 * adds 1 to whenever it has done a part of its work. Guests can give it so much that a turn takes longer than any bug would
 * be waited for.
 */

/** As long as it waits the number is odd. */
const isWaiting = (beats: number) => (beats & 1) === 1;

export class Pulse {
  /** Poller.open() takes it; 0: the thread works, or has yet to start. */
  readonly memory = new Int32Array(new SharedArrayBuffer(8));
  #last = 0;
  #lastPart = 0;
  /** What the number comes to when the thread has seen to what it was woken for. */
  #due = 0;
  #still = 0;

  /** The thread was woken, and must go on. */
  expect(): void {
    const beats = Atomics.load(this.memory, 0);
    this.#due = (beats + (isWaiting(beats) ? 1 : 2)) | 0;
  }

  /**
   * Looks at it, which is to be done from time to time.
   *
   * @returns how many times in a row it was found where it was the time before, though it had something to do.
   */
  look(): number {
    const beats = Atomics.load(this.memory, 0);
    const part = Atomics.load(this.memory, 1);
    const idle = isWaiting(beats) && ((beats - this.#due) | 0) >= 0;
    this.#still = idle || beats !== this.#last || part !== this.#lastPart ? 0 : this.#still + 1;
    this.#last = beats;
    this.#lastPart = part;
    return this.#still;
  }
}
