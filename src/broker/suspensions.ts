/**
 * Users who get no network for a while, because a tap of theirs was used against others: changing a tap's address takes
 * another guest's forwarding entry away until it is put back, so it must not be done over and over with fresh taps.
 */

/** Milliseconds. */
const duration = 60_000;

export class Suspensions {
  /** Until when, in milliseconds of performance.now(), the first to end first. */
  readonly #until = new Map<number, number>();

  /** @param now milliseconds of performance.now(). */
  add(uid: number, now = performance.now()): void {
    this.#until.delete(uid);
    this.#until.set(uid, now + duration);
    for (const [other, until] of this.#until) {
      if (until > now) break;
      this.#until.delete(other);
    }
  }

  /** Whole seconds, rounded up; 0 when the user is not suspended. */
  secondsLeft(uid: number, now = performance.now()): number {
    return Math.max(0, Math.ceil(((this.#until.get(uid) ?? now) - now) / 1000));
  }
}
