/** A process that holds a tap and does to it what a hostile holder can (tap-holder.c). */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { inProject } from './project.js';
import { temporaryFolder } from './temporary.js';

/** Why the program cannot be compiled, as in a guest, which has no compiler; false: it can. */
export function missingCompiler(): string | false {
  return spawnSync('cc', ['--version']).error === undefined
    ? false
    : 'cc is missing here: run it on a host that has it';
}

/** Compiles the program. @returns its path. */
export function compileTapHolder(t: Test): string {
  const program = join(temporaryFolder(t), 'tap-holder');
  execFileSync('cc', ['-Wall', '-Wextra', '-Werror', '-o', program, inProject('test/support/tap-holder.c')]);
  return program;
}

export class TapHolder {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** @param tap is handed over: the process alone holds it from now on. */
  constructor(t: Test, program: string, tap: OwnedFd, uid = 0) {
    const command = uid === 0 ? [program] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', program];
    this.#child = spawn(command[0] as string, command.slice(1), { stdio: ['pipe', 'pipe', 'inherit', tap.fd] });
    tap.close();
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    t.teardown(() => this.kill());
  }

  /**
   * `persist`, `own`, `carrier off`, `carrier on`, `address 52:54:…`, `header BYTES`, `filter`, which drops all, and for a
   * device without a tap `attach NAME`, or `take NAME` where it has one queue alone. @returns 0 or -errno.
   */
  async tell(word: string): Promise<number> {
    this.#child.stdin?.write(`${word}\n`);
    return Number((await this.#lines.next()).value);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
