/** How long things last in tests. Without anything of the project, so that tests of its parts alone can have it. */
import { setTimeout as delay } from 'node:timers/promises';

/** What ends what it is given when it ends itself: a tap test is one. */
export interface Lifetime {
  teardown(end: () => unknown): void;
}

/** Waits until the condition holds; the test's own timeout is the limit. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(10);
}
