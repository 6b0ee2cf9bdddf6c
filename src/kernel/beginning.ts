/**
 * How this process began, as its launcher noted it: as it starts, Node raises the soft limit of open files, gives every
 * signal its default action, blocks none and opens descriptors of its own, so that nobody can tell afterwards.
 */
import type { Beginning } from './process.js';

interface NotedBeginning extends Beginning {
  /** The descriptors that were handed down; standard input, output and error are not among them. */
  readonly fds: readonly number[];
}

/** Process id, soft limit of open files, ignored and blocked signals, descriptors: conf/make/launcher.in writes it. */
const variable = 'FDBROKER_BEGINNING';
const shape = /^(\d+) (\d+|unlimited) ([0-9a-f]{1,16}) ([0-9a-f]{1,16}) ((?:,\d{1,9})*)$/;
/** A program takes what a word holds; no kernel lets a limit be more (fs.nr_open). */
const mostFiles = 2 ** 31 - 1;

/**
 * Takes the note out of the environment, where no program that is started is to find it.
 *
 * @param pid of this process: a note of another one says nothing.
 * @returns undefined when there is none, as when Node was started without the launcher.
 */
export function takeBeginning(environment: NodeJS.ProcessEnv, pid: number): NotedBeginning | undefined {
  const [, noted, limit = '', ignored, blocked, fds = ''] = shape.exec(environment[variable] ?? '') ?? [];
  delete environment[variable];
  if (noted !== String(pid)) return undefined;
  const openFiles = Number(limit);
  return {
    ...(openFiles > 0 && openFiles <= mostFiles ? { openFiles } : {}),
    ignored: BigInt(`0x${ignored}`),
    blocked: BigInt(`0x${blocked}`),
    fds: fds
      .split(',')
      .map(Number)
      .filter((fd) => fd > 2),
  };
}
