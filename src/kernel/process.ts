/** What the broker does to its own process, and how it names others. */
import { readFileSync } from 'node:fs';
import { ok, type Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import { ownFd } from './close.js';
import { check, sysError } from './errno.js';
import { native } from './native.js';
import type { OwnedFd } from './owned-fd.js';

/**
 * flock(2), exclusive: whether it is ours now; false when another open file has it. It lasts until the last copy of this
 * descriptor is closed, across execve too.
 */
export function lockFile(fd: number): Result<boolean, SysError> {
  return check('flock', native.lockFile(fd)).map((locked) => locked === 1);
}

/**
 * Gives up all privileges but CAP_NET_ADMIN and CAP_NET_RAW, and those too when the process has them not; sets
 * no_new_privs; makes the process undumpable. For an ordinary user's process too, and any number of times.
 *
 * All but the last acts on this thread alone and Node has others: {@link execInPlace} must follow, after which every
 * thread is limited. It makes the process dumpable again (PR_SET_DUMPABLE in prctl(2)), so call this once more then.
 * The two capabilities stay inheritable and ambient, or an ordinary user's process would lose them there.
 */
export function limitCapabilities(): Result<void, SysError> {
  return check('limit capabilities', native.limitCapabilities()).map(() => undefined);
}

/**
 * Makes writing to a pipe or socket fail with EAGAIN rather than wait for its reader, for all who share it. A terminal
 * or a file stays as it is.
 */
export function neverWait(fd: number): Result<void, SysError> {
  return check('fcntl (F_SETFL)', native.neverWait(fd)).map(() => undefined);
}

/** Clears close-on-exec, which Node puts on every descriptor. */
export function keepOnExec(fd: number): Result<void, SysError> {
  return check('fcntl (F_SETFD)', native.keepOnExec(fd)).map(() => undefined);
}

/**
 * execve(2): this process becomes `file`, with no signal blocked or ignored. Standard input, output and error stay open,
 * and of other descriptors those of {@link keepOnExec}. Returns on failure only.
 *
 * @param args with the program's own name first.
 */
export function execInPlace(file: string, args: readonly string[], environment: NodeJS.ProcessEnv): SysError {
  const entries = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  return sysError('execve', native.execInPlace(file, args, entries), file);
}

/** sd_notify(3). Does nothing where NOTIFY_SOCKET is not set. Waits at most a second for the service manager. */
export function notifySystemd(message: string): Result<void, SysError> {
  const socket = process.env['NOTIFY_SOCKET'];
  if (socket === undefined || socket === '') return ok(undefined);
  return check('sd_notify', native.notify(socket, message)).map(() => undefined);
}

/** pidfd_open(2): readable when the process has ended. ESRCH when there is none. */
export function pidfdOpen(pid: number): Result<OwnedFd, SysError> {
  return check('pidfd_open', native.pidfdOpen(pid)).map(ownFd);
}

/** The name a process gives itself (proc(5), comm), at most 15 bytes: to show, never to decide by; may hold anything. */
export function processName(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').replace(/\n$/, '');
  } catch {
    return undefined;
  }
}
