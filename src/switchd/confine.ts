/** The switch reads what guests and networks send, so it has no privilege at all, whoever starts it. */
import { readFileSync } from 'node:fs';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { execInPlace, keepOnExec, limitCapabilities } from '../kernel/process.js';

/** What is behind it is in docs/decisions/0002-v8-flags.md. */
const flags = ['--max-semi-space-size=1'];

/** Whether this process runs with the flags, has no capability and can gain none. */
export function isConfined(): boolean {
  const status = readFileSync('/proc/self/status', 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
  const flagged = flags.every((flag) => process.execArgv.includes(flag));
  return flagged && field('NoNewPrivs') === '1' && BigInt(`0x${field('CapPrm')}`) === 0n;
}

/**
 * Starts the program anew, confined: V8 reads its flags once, and capabilities belong to threads, of which Node has
 * many. Returns only when that fails.
 *
 * @param listener the new program finds it under the same number.
 */
export function confine(listener: OwnedFd): SysError {
  const prepared = keepOnExec(listener.fd).andThen(() => limitCapabilities(0));
  if (prepared.isErr()) return prepared.error;
  const others = process.execArgv.filter((flag) => !flags.includes(flag));
  const words = [process.execPath, ...flags, ...others, ...process.argv.slice(1)];
  return execInPlace(process.execPath, words, process.env);
}
