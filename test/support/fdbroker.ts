/** fdbroker(1) for tests: as a process of its own, and, which is faster, within the test's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { dispatch } from '../../src/cli/dispatch.js';
import type { Program, Terminal, World } from '../../src/cli/world.js';
import { systemAccounts } from '../../src/kernel/accounts.js';

export const program = fileURLToPath(new URL('../../src/bin/fdbroker.js', import.meta.url));

export interface Finished {
  /** -1 when a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A world whose words are kept, with no word about brokers, configurations and colours in its environment. */
export class TestWorld implements World {
  stdout = '';
  stderr = '';
  readonly colour = false;
  readonly columns = 80;
  readonly env: NodeJS.ProcessEnv = {};
  readonly version = '9.9.9';
  readonly uid = process.geteuid?.() ?? 0;
  readonly gid = process.getegid?.() ?? 0;
  readonly groups: readonly number[] = [];
  readonly out = (words: string) => (this.stdout += words);
  readonly err = (words: string) => (this.stderr += words);
  readonly now = () => Date.now() / 1000;
  readonly accounts = async () => systemAccounts;
  readonly terminal: Terminal | undefined = undefined;
  readonly interrupter = new AbortController();
  readonly interrupted: World['interrupted'] = () => this.interrupter.signal;
  /** What it was to become. */
  became: Program | undefined;
  readonly become = async (program: Program) => {
    this.became = program;
    return 'this is a test';
  };

  constructor(change: Partial<World> = {}) {
    Object.assign(this, change);
  }
}

/** Runs it within this process. */
export async function fdbroker(args: readonly string[], change: Partial<World> = {}): Promise<Finished> {
  const world = new TestWorld(change);
  const status = await dispatch(args, world);
  return { status, stdout: world.stdout, stderr: world.stderr };
}

/**
 * Runs the compiled program.
 *
 * @param env added to nearly nothing.
 * @param started gets the process when it runs.
 */
export async function fdbrokerProcess(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  started: (child: ChildProcess) => void = () => {},
): Promise<Finished> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'], HOME: '/nowhere', TERM: 'xterm', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  const words = [child.stdout, child.stderr].map((stream) => text(stream).catch(() => ''));
  started(child);
  const [stdout = '', stderr = ''] = await Promise.all(words);
  return { status: await ended, stdout, stderr };
}
