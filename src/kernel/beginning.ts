/**
 * How this process began, as its launcher noted it: Node raises the soft limit of open files, gives every signal its
 * default action and blocks none, as it starts, so that nobody can tell afterwards.
 */
import type { Beginning } from './process.js';

/** Process id, soft limit of open files, ignored and blocked signals: conf/make/launcher.in writes it. */
const variable = 'FDBROKER_BEGINNING';
const shape = /^(\d+) (\d+|unlimited) ([0-9a-f]{1,16}) ([0-9a-f]{1,16})$/;
/** A program takes what a word holds; no kernel lets a limit be more (fs.nr_open). */
const mostFiles = 2 ** 31 - 1;

/**
 * Takes the note out of the environment, where no program that is started is to find it.
 *
 * @param pid of this process: a note of another one says nothing.
 * @returns undefined when there is none, as when Node was started without the launcher.
 */
export function takeBeginning(environment: NodeJS.ProcessEnv, pid: number): Beginning | undefined {
  const [, noted, limit = '', ignored, blocked] = shape.exec(environment[variable] ?? '') ?? [];
  delete environment[variable];
  if (noted !== String(pid)) return undefined;
  const openFiles = Number(limit);
  return {
    ...(openFiles > 0 && openFiles <= mostFiles ? { openFiles } : {}),
    ignored: BigInt(`0x${ignored}`),
    blocked: BigInt(`0x${blocked}`),
  };
}
