/** fdbrokerd as a process of its own, with a configuration in a folder that every test user can reach. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectSeqpacket } from '../../src/kernel/seqpacket.js';
import { ask, dataOf } from './ask.js';
import type { Lifetime } from './until.js';

export { type Lifetime, until } from './until.js';

export const program = fileURLToPath(new URL('../../src/bin/fdbrokerd.js', import.meta.url));

export class Daemon {
  readonly folder: string;
  readonly socket: string;
  readonly config: string;
  /** Everything written to standard error so far: audit lines and messages. */
  stderr = '';
  #child: ChildProcess | undefined;
  #ended: Promise<number | NodeJS.Signals> = Promise.resolve(0);

  /** @param config text of the configuration; another folder than the one before is made and removed by the test. */
  constructor(t: Lifetime, config: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'fdbroker-test-'));
    chmodSync(this.folder, 0o755);
    mkdirSync(join(this.folder, 'etc'), { mode: 0o755 });
    mkdirSync(join(this.folder, 'run'), { mode: 0o755 });
    this.socket = join(this.folder, 'run/control');
    this.config = join(this.folder, 'etc/fdbroker.ini');
    this.write(config);
    t.teardown(async () => {
      await this.kill('SIGKILL');
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  write(config: string): void {
    writeFileSync(this.config, config, { mode: 0o644 });
  }

  /**
   * Starts it and waits until it serves. Throws with what it said when it ends instead.
   *
   * @param flags of Node, as the launcher gives them.
   */
  async start(
    args: readonly string[] = [],
    wrapper: readonly string[] = [],
    flags: readonly string[] = [],
  ): Promise<void> {
    const own = ['--config', this.config, '--socket', this.socket, ...args];
    const command = [...wrapper, process.execPath, ...flags, program, ...own];
    const child = spawn(command[0] as string, command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    let status: number | NodeJS.Signals | undefined;
    this.#ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        status = code ?? signal ?? -1;
        resolve(status);
      });
    });
    while (!(await this.#answers())) {
      if (status !== undefined) throw new Error(`fdbrokerd ended with ${status}: ${this.stderr}`);
      await delay(10);
    }
  }

  /** It confines itself by exec before it serves, so a socket that accepts is not enough. */
  async #answers(): Promise<boolean> {
    const connection = connectSeqpacket(this.socket);
    if (connection.isErr()) return false;
    connection.value.close();
    return (await ask(this.socket, { verb: 'status' })).reply !== undefined;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Sends the signal and waits for the end. */
  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    this.signal(signal);
    return this.#ended;
  }

  /** The audit lines so far. */
  audited(): Record<string, unknown>[] {
    const lines = this.stderr.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line));
  }

  /**
   * How many descriptors it has open but for those of spare taps, both by its own count: nobody may look into a process
   * that is not dumpable. One of a tap that it forgot is no spare's.
   */
  async descriptors(): Promise<number> {
    const { counters = {} } = dataOf(await ask(this.socket, { verb: 'status' })) as {
      counters?: { openFiles?: number; spareTaps?: number };
    };
    return (counters.openFiles ?? Number.NaN) - (counters.spareTaps ?? Number.NaN);
  }
}
