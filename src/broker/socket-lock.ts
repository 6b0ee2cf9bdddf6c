/**
 * The lock beside the control socket, which keeps a second broker away, however either came by its socket. It is a
 * flock(2), so it ends with its process; no program that the broker starts inherits it.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { err, ok, type Result } from 'neverthrow';
import { describeSysError } from '../core/sys-error.js';
import { OwnedFd } from '../kernel/owned-fd.js';
import { lockFile } from '../kernel/process.js';

/** Milliseconds that the broker before has to end: whoever restarts it may not wait for that. */
const standardPatience = 2000;
const pause = 20;
const sleep = new Int32Array(new SharedArrayBuffer(4));

/** One sentence: why there is no control socket, and what to do. */
export type Refusal = string;

interface Locked {
  readonly lock: OwnedFd;
  /** Whether it is ours: false, it is another open file's. */
  readonly taken: boolean;
}

/**
 * The lock beside the socket, with our process in it.
 *
 * @param patience milliseconds that whoever has it has to end.
 */
export function lockBeside(path: string, patience = standardPatience): Result<OwnedFd, Refusal> {
  const file = `${path}.lock`;
  const deadline = performance.now() + patience;
  for (;;) {
    const locked = tryLock(file);
    if (locked.isErr()) return err(locked.error);
    const { lock, taken } = locked.value;
    if (taken && isStill(lock, file)) return sign(lock, path);
    const who = ownerOf(lock);
    lock.close();
    if (performance.now() >= deadline) {
      return err(
        taken
          ? `${file} is being replaced by others again and again; try again`
          : `another fdbrokerd (process ${who}) serves ${path}; stop it, or choose another socket with --socket=PATH`,
      );
    }
    if (taken) continue;
    const freed = isDead(who) ? freeDeadLock(file) : ok();
    if (freed.isErr()) return err(freed.error);
    if (!isDead(who)) Atomics.wait(sleep, 0, 0, pause);
  }
}

/** Ends a start that was refused: nobody has the lock then, and nothing of it is left. */
export function removeLock({ path, lock }: { readonly path: string; readonly lock: OwnedFd }): void {
  const file = `${path}.lock`;
  try {
    // While it is held, so that it is not another's
    if (isStill(lock, file)) rmSync(file);
  } catch {
    // One that may not be removed stays, and the next broker takes it
  }
  lock.close();
}

/** Writes into the lock who has it. */
function sign(lock: OwnedFd, path: string): Result<OwnedFd, Refusal> {
  try {
    ftruncateSync(lock.fd);
    writeSync(lock.fd, `${process.pid}\n`, 0);
    return ok(lock);
  } catch (error) {
    removeLock({ path, lock });
    return err(`cannot write ${path}.lock: ${(error as Error).message}`);
  }
}

/**
 * Removes a lock whose owner is dead: a closer of it that a client blocks for good can keep its descriptors open
 * (decision 7). Under a second lock, so that no broker removes what another has just made.
 */
function freeDeadLock(file: string): Result<void, Refusal> {
  const second = tryLock(`${file}.takeover`);
  if (second.isErr()) return err(second.error);
  using _takeover = second.value.lock;
  if (!second.value.taken) return err(`another fdbrokerd is taking over ${file}; try again`);
  const again = tryLock(file);
  if (again.isErr()) return err(again.error);
  using lock = again.value.lock;
  if (!again.value.taken && isStill(lock, file) && isDead(ownerOf(lock))) rmSync(file, { force: true });
  return ok();
}

function tryLock(file: string): Result<Locked, Refusal> {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      return err(`there is no folder ${dirname(file)}; make it, or choose another place with --socket=PATH`);
    }
    return err(`cannot make ${file}: ${message}; choose a place that may be written with --socket=PATH`);
  }
  const lock = new OwnedFd(fd, closeSync);
  const taken = lockFile(fd);
  if (taken.isOk()) return ok({ lock, taken: taken.value });
  lock.close();
  return err(`cannot lock ${file}: ${describeSysError(taken.error)}`);
}

function isStill(lock: OwnedFd, file: string): boolean {
  return existsSync(file) && statSync(file).ino === fstatSync(lock.fd).ino;
}

function ownerOf(lock: OwnedFd): string {
  return readFileSync(lock.fd, 'utf8').trim();
}

/** An owner that has not written its number yet is not dead; one that waits for its parent to ask for its end is. */
function isDead(who: string): boolean {
  if (!/^\d+$/.test(who)) return false;
  try {
    // After the name in brackets, which may hold anything (proc(5))
    return /^\) [ZX]/.test(readFileSync(`/proc/${who}/stat`, 'latin1').replace(/^.*(?=\))/s, ''));
  } catch {
    return true;
  }
}
