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

/** CAP_NET_ADMIN and CAP_NET_RAW, as bits (capabilities(7)). */
export const networkCapabilities = (1 << 12) | (1 << 13);

/**
 * Gives up all capabilities but those of `keep`, and those too when the process has them not; sets no_new_privs; makes
 * the process undumpable. For an ordinary user's process too, and any number of times.
 *
 * All but the last acts on this thread alone and Node has others: {@link execInPlace} must follow, after which every
 * thread is limited. It makes the process dumpable again (PR_SET_DUMPABLE in prctl(2)), so call this once more then.
 * Those kept stay inheritable and ambient, or an ordinary user's process would lose them there.
 */
export function limitCapabilities(keep: number): Result<void, SysError> {
  return check('limit capabilities', native.limitCapabilities(keep)).map(() => undefined);
}

/**
 * Makes writing to a pipe or socket fail with EAGAIN rather than wait for its reader, for all who share it. A terminal
 * or a file stays as it is.
 */
export function neverWait(fd: number): Result<void, SysError> {
  return check('fcntl (F_SETFL)', native.neverWait(fd)).map(() => undefined);
}

/** Clears close-on-exec, which Node puts on every descriptor that it opens. */
export function keepOnExec(fd: number): Result<void, SysError> {
  return check('fcntl (F_SETFD)', native.keepOnExec(fd)).map(() => undefined);
}

/**
 * Sets close-on-exec, as on a descriptor that was kept over execve(2): of what it finds as it starts Node sets it on the
 * first few alone, up to the first number over 15 that is free.
 */
export function closeOnExec(fd: number): Result<void, SysError> {
  return check('fcntl (F_SETFD)', native.closeOnExec(fd)).map(() => undefined);
}

/** How a program begins. Of sets of signals, bit n - 1 is signal n, as in proc(5). */
export interface Beginning {
  /** The soft limit of open files (RLIMIT_NOFILE); left out, or more than there is now: as it is now. */
  readonly openFiles?: number;
  readonly ignored: bigint;
  readonly blocked: bigint;
}

const plain: Beginning = { ignored: 0n, blocked: 0n };

/**
 * execve(2): this process becomes `file`. Standard input, output and error stay open, and of other descriptors those of
 * {@link keepOnExec}. Returns on failure only.
 *
 * @param args with the program's own name first.
 * @param beginning left out: no signal is blocked or ignored, and limits are as they are.
 */
export function execInPlace(
  file: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  { openFiles = 0, ignored, blocked }: Beginning = plain,
): SysError {
  const entries = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  return sysError('execve', native.execInPlace(file, args, entries, openFiles, ignored, blocked), file);
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

/** Whether there is a process of that number, whoever's. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The name a process gives itself (proc(5), comm), at most 15 bytes: to show, never to decide by; may hold anything. */
export function processName(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').replace(/\n$/, '');
  } catch {
    return undefined;
  }
}
