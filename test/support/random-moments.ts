/** Moments at which a process is killed: others in every run, and the same again for the same seed. */
import { randomInt } from 'node:crypto';
import type { Test } from 'tap';
import { randomNumbers } from './random.js';

const variable = 'FDBROKER_TEST_SEED';

/**
 * One moment in each of `count` equal parts of a process's life, with what to do to have them again as a comment.
 *
 * @param milliseconds how long it lives when nobody kills it; a machine under load makes it longer and shorter.
 */
export function randomMoments(t: Test, count: number, milliseconds: number): readonly number[] {
  const seed = Number(process.env[variable] ?? randomInt(2 ** 31));
  const random = randomNumbers(seed);
  const moments = Array.from({ length: count }, (_, part) => ((part + random(1000) / 1000) * milliseconds) / count);
  t.comment(`${variable}=${seed} has the same moments, of ${Math.round(milliseconds)} ms`);
  return moments;
}
