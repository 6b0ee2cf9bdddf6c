/** From the first word to its command: those that start programs or speak to QEMU come without yargs. */
import { UsageError } from './command.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { complain, type World } from './world.js';

/** What the module of such a command exports. */
interface DirectCommand {
  /** The whole answer to --help. */
  readonly usage: string;
  /** May throw a UsageError. @param words those behind the command's name. */
  run(words: readonly string[], world: World): Promise<ExitStatus>;
}

const direct: ReadonlyMap<string, () => Promise<DirectCommand>> = new Map<string, () => Promise<DirectCommand>>([
  ['exec', () => import('./exec.js')],
  ['open', () => import('./open.js')],
  ['attach', () => import('./attach.js')],
  ['detach', () => import('./detach.js')],
]);

/** @param args the words after the program's name. */
export async function dispatch(args: readonly string[], world: World): Promise<ExitStatus> {
  const [first = '', ...words] = args;
  const load = direct.get(first);
  if (load === undefined) return (await import('./run.js')).run(args, world);
  const command = await load();
  const own = words.slice(0, words.includes('--') ? words.indexOf('--') : words.length);
  if (own.includes('--help') || own.includes('-h')) {
    world.out(command.usage);
    return exitStatus.ok;
  }
  try {
    return await command.run(words, world);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(world, error.message);
    complain(world, `try "fdbroker ${first} --help"`);
    return exitStatus.usage;
  }
}
