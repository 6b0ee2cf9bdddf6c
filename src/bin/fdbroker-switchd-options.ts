/** The command line of fdbroker-switchd(8). */
import { parseArgs } from 'node:util';
import { err, ok, type Result } from 'neverthrow';
import type { Realtime } from '../kernel/realtime.js';

const mostThreads = 16;
/** Without --threads. */
const mostByItself = 4;

const usage = `Usage: fdbroker-switchd [--broker USER] [--threads N] [--cpus LIST] [--realtime PRIORITY] [--lock-memory] [--busy-poll MICROSECONDS]

Carries frames between the ports that its broker hands it. It is started by fdbrokerd, or by systemd, with the listening
socket that the broker connects to as descriptor 3 (LISTEN_FDS=1).

  --broker USER             whose broker may give orders, besides root's (default: the user that it runs as)
  --threads N               threads that carry frames, each of them whole networks: 1 to ${mostThreads}, or auto, which is one
                            for two processors, or for each of --cpus, and at most ${mostByItself} (default: auto)
  --cpus LIST               processors of these threads, dealt out to them: 2,3 or 4-7 (default: all, for each)
  --realtime PRIORITY       their priority under SCHED_FIFO, 1 to 99 (default: they are ordinary threads)
  --lock-memory             none of its memory is ever paged out
  --busy-poll MICROSECONDS  how long they look for more after the last frame, before they sleep: 0 to 1000000 (default: 0)
  --version                 print the version
  --help                    print this

SIGTERM ends it. Exit status: 0 ended as asked, 1 could not start, 2 usage, 70 a bug. See fdbroker-switchd(8).
`;

export interface SwitchdOptions {
  /** Name of the user; undefined: its own. */
  readonly broker?: string;
  /** That carry frames, at most. */
  readonly threads: number;
  readonly realtime: Realtime;
  /** Microseconds. */
  readonly busyPoll: number;
}

/**
 * @param available how many processors there are for this process.
 * @returns the options, or the text to print and be done with; the error is one sentence.
 */
export function parseSwitchdOptions(
  args: readonly string[],
  version: string,
  available: number,
): Result<SwitchdOptions | string, string> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...{ broker: text, threads: text, cpus: text, realtime: text, 'busy-poll': text },
        ...{ 'lock-memory': flag, version: flag, help: flag },
      },
    });
    if (values.help) return ok(usage);
    if (values.version) return ok(`fdbroker-switchd ${version}\n`);
    const processors = values.cpus === undefined ? undefined : parseProcessors(values.cpus);
    const priority = values.realtime === undefined ? undefined : wholeNumber(values.realtime, 1, 99);
    const busyPoll = wholeNumber(values['busy-poll'] ?? '0', 0, 1_000_000);
    if (values.cpus !== undefined && processors === undefined) return err(`--cpus=${values.cpus} is no list as 2,4-7`);
    if (values.realtime !== undefined && priority === undefined) return err('--realtime takes 1 to 99');
    if (busyPoll === undefined) return err('--busy-poll takes 0 to 1000000 microseconds');
    const threads = parseThreads(values.threads ?? 'auto', processors?.length, available);
    if (typeof threads === 'string') return err(threads);
    return ok({
      ...(values.broker === undefined ? {} : { broker: values.broker }),
      threads,
      realtime: {
        lockMemory: values['lock-memory'],
        ...(processors === undefined ? {} : { processors }),
        ...(priority === undefined ? {} : { priority }),
      },
      busyPoll,
    });
  } catch (error) {
    return err(`${(error as Error).message}; fdbroker-switchd --help lists the options`);
  }
}

/** @param given processors of --cpus. @returns how many, or why not. */
function parseThreads(text: string, given: number | undefined, available: number): number | string {
  if (text === 'auto') {
    // Guests want processors, too; those of --cpus are for the switch alone
    return Math.max(1, Math.min(mostByItself, given ?? Math.floor(available / 2)));
  }
  const threads = wholeNumber(text, 1, mostThreads);
  if (threads === undefined) return `--threads takes 1 to ${mostThreads}, or auto`;
  if (given === undefined || threads <= given) return threads;
  return `--threads=${threads} is more than --cpus has processors, which are ${given}: every thread has its own`;
}

/** As taskset(1) writes them, each once; undefined: not so. */
function parseProcessors(text: string): number[] | undefined {
  const found = text.split(',').map((part) => {
    const [, first = '', last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    const count = Number(last) - Number(first) + 1;
    return first === '' || count < 1 ? undefined : Array.from({ length: count }, (_, i) => Number(first) + i);
  });
  return found.every((part) => part !== undefined) ? [...new Set(found.flat())] : undefined;
}

function wholeNumber(text: string, least: number, most: number): number | undefined {
  const number = Number(text);
  return /^\d{1,7}$/.test(text) && number >= least && number <= most ? number : undefined;
}
