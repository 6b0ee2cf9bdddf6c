/** Turns the addon's negative numbers into errors. */
import { err, ok, type Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import { native } from './native.js';

/** @param negativeErrno as the addon returns it, below 0. */
export function sysError(call: string, negativeErrno: number, detail?: string): SysError {
  const errno = -negativeErrno;
  const error = { tag: 'sys', call, code: native.errnoName(errno), errno } as const;
  return detail === undefined ? error : { ...error, detail };
}

/** What a call of the addon returned: 0 or more is its value, less is -errno. */
export function check(call: string, returned: number): Result<number, SysError> {
  return returned < 0 ? err(sysError(call, returned)) : ok(returned);
}
