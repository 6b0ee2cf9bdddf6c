/** Whether a thread goes on: a number in shared memory, which it adds 1 to before and after each wait. */

/** As long as it waits the number is odd. */
const isWaiting = (beats: number) => (beats & 1) === 1;

export class Pulse {
  /** Poller.open() takes it; 0: the thread works, or has yet to start. */
  readonly memory = new Int32Array(new SharedArrayBuffer(4));
  #last = 0;
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
    const idle = isWaiting(beats) && ((beats - this.#due) | 0) >= 0;
    this.#still = idle || beats !== this.#last ? 0 : this.#still + 1;
    this.#last = beats;
    return this.#still;
  }
}
