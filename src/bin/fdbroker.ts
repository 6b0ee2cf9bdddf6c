#!/usr/bin/env node
/** fdbroker(1): wires the command line to this process, and ends it. */
import { exitStatus } from '../cli/exit-status.js';
import { decideColour } from '../cli/paint.js';
import { run } from '../cli/run.js';
import { readVersion } from './version.js';

// A reader that stops early (head) is no error: what is left to say goes nowhere
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`fdbroker: cannot write to standard output: ${error.code ?? error.message}\n`);
  process.exit(exitStatus.trouble);
});
process.stderr.on('error', () => {});

try {
  process.exitCode = await run(process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    colour: decideColour(process.stdout.isTTY, process.env),
    columns: process.stdout.columns ?? 80,
    env: process.env,
    version: readVersion(),
    // Absent on Windows alone
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
    now: () => Date.now() / 1000,
    accounts: async () => (await import('../kernel/accounts.js')).systemAccounts,
  });
} catch (error) {
  process.stderr.write(`fdbroker: this is a bug in fdbroker; please report it: ${(error as Error)?.stack ?? error}\n`);
  process.exitCode = exitStatus.trouble;
}
