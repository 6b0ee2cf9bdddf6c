/** Limits of this process. */
import { readFileSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';

/** How many descriptors this process may have (RLIMIT_NOFILE, soft; proc(5), /proc/self/limits). */
export function openFileLimit(): Result<number, SysError> {
  const fault = (code: string, errno: number) =>
    err({ tag: 'sys', call: 'read /proc/self/limits', code, errno } satisfies SysError);
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? fault('ENODATA', 61) : ok(Number(soft));
  } catch (error) {
    const { code = 'EIO', errno = -5 } = error as NodeJS.ErrnoException;
    return fault(code, Math.abs(errno));
  }
}
