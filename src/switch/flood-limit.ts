/** How many frames to all a port may send: a token bucket a port (RFC 2697's idea, in frames), without timers. */

export class FloodLimit {
  readonly #tokens: Float64Array;
  readonly #filled: Float64Array;
  readonly #rates: Float64Array;

  constructor(ports: number) {
    this.#tokens = new Float64Array(ports);
    this.#filled = new Float64Array(ports);
    this.#rates = new Float64Array(ports);
  }

  /**
   * @param rate frames a second; a second's worth may come at once. Infinity: no limit.
   * @param now seconds of any clock that does not go back.
   */
  set(port: number, rate: number, now: number): void {
    this.#rates[port] = rate;
    this.#tokens[port] = rate;
    this.#filled[port] = now;
  }

  /**
   * Whether one more may pass, which it takes.
   *
   * @param frames as how many it counts; more than a second's worth are as many as that.
   */
  take(port: number, now: number, frames = 1): boolean {
    const rate = this.#rates[port] as number;
    const passed = now - (this.#filled[port] as number);
    if (passed > 0) {
      this.#tokens[port] = Math.min(rate, (this.#tokens[port] as number) + passed * rate);
      this.#filled[port] = now;
    }
    const wanted = Math.min(frames, Math.max(1, rate));
    if ((this.#tokens[port] as number) < wanted) return false;
    (this.#tokens[port] as number) -= wanted;
    return true;
  }
}
