/** Numbers that look random and are the same for the same seed, so that a failure can be had again. */

/** @returns a function for whole numbers from 0 to below its limit (xorshift32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
