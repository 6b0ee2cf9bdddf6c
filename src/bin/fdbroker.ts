#!/usr/bin/env node
/** fdbroker(1): wires the command line to this process, and ends it. */
import { isatty } from 'node:tty';
import { dispatch } from '../cli/dispatch.js';
import { exitStatus } from '../cli/exit-status.js';
import { decideColour } from '../cli/paint.js';
import type { Program, Terminal } from '../cli/world.js';
import { takeBeginning } from '../kernel/beginning.js';
import { inheritedFds } from '../kernel/inherited.js';
import { readVersion } from './version.js';

const beginning = takeBeginning(process.env, process.pid);
const inherited = beginning?.fds ?? inheritedFds();

/**
 * The streams, from their first use on: using them makes pipes non-blocking for all who share them, which a program
 * that this process becomes must not find.
 */
const stdout = once(() => {
  // A reader that stops early (head) is no error: what is left to say goes nowhere
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.stderr.write(`fdbroker: cannot write to standard output: ${error.code ?? error.message}\n`);
    process.exit(exitStatus.trouble);
  });
  return process.stdout;
});
const stderr = once(() => process.stderr.on('error', () => {}));

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

async function become({ file, args, env, fds }: Program): Promise<string> {
  const [{ execInPlace, keepOnExec }, { describeSysError }] = await Promise.all([
    import('../kernel/process.js'),
    import('../core/sys-error.js'),
  ]);
  for (const fd of [...inherited, ...fds]) {
    const kept = keepOnExec(fd);
    if (kept.isErr()) return describeSysError(kept.error);
  }
  return describeSysError(execInPlace(file, args, env, beginning));
}

/** Its modes are left for ever changed only by a signal that cannot be caught. */
const terminal: Terminal = {
  get columns() {
    return process.stdout.columns ?? 80;
  },
  get rows() {
    return process.stdout.rows ?? 24;
  },
  keys(pressed) {
    const take = (bytes: Buffer) => pressed(bytes.toString());
    process.stdin.setRawMode(true).on('data', take).resume();
    return () => {
      process.stdin.off('data', take).setRawMode(false).pause();
    };
  },
};

const interrupted = once(() => {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
});

try {
  process.exitCode = await dispatch(process.argv.slice(2), {
    out: (text) => stdout().write(text),
    err: (text) => stderr().write(text),
    get colour() {
      return decideColour(stdout().isTTY, process.env);
    },
    get columns() {
      return stdout().columns ?? 80;
    },
    env: process.env,
    get version() {
      return readVersion();
    },
    // Absent on Windows alone
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
    now: () => Date.now() / 1000,
    accounts: async () => (await import('../kernel/accounts.js')).systemAccounts,
    get terminal() {
      return isatty(0) && isatty(1) && process.env['TERM'] !== 'dumb' ? terminal : undefined;
    },
    interrupted,
    become,
  });
} catch (error) {
  stderr().write(`fdbroker: this is a bug in fdbroker; please report it: ${(error as Error)?.stack ?? error}\n`);
  process.exitCode = exitStatus.trouble;
}
