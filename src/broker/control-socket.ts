/**
 * The listening socket: bound by us, or handed to us (sd_listen_fds(3)), as one and the same thing from then on.
 *
 * A lock beside the socket keeps a second broker away, however either came by its socket. It is a flock(2), so it ends
 * with its process, and a socket file that is left over belongs to nobody and is replaced.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import type { BrokerSettings } from '../core/config.js';
import { describeSysError } from '../core/sys-error.js';
import { OwnedFd } from '../kernel/owned-fd.js';
import { lockFile } from '../kernel/process.js';
import { adoptListener, boundPath, listenSeqpacket } from '../kernel/seqpacket.js';

export interface ControlSocket {
  readonly listener: OwnedFd;
  /** Held for as long as the broker serves the socket. */
  readonly lock: OwnedFd;
  readonly path: string;
  /** Whether the file is ours to remove in the end. */
  readonly bound: boolean;
}

/** How often a lock is tried that is replaced while it is taken. */
const attempts = 8;

/** One sentence: why there is no control socket, and what to do. */
export type Refusal = string;

/** @param ownFolder whether the socket's folder is the broker's own, to be made where it is missing. */
export function bindControlSocket(
  path: string,
  settings: BrokerSettings,
  ownFolder = false,
): Result<ControlSocket, Refusal> {
  if (isOther(path)) {
    return err(`${path} is there and is no socket; it is left alone: choose another place with --socket=PATH`);
  }
  const folder = ownFolder ? makeFolder(dirname(path)) : ok(undefined);
  if (folder.isErr()) return err(folder.error);
  const locked = lockBeside(path);
  if (locked.isErr()) return err(locked.error);
  const lock = locked.value;
  const { socketMode: mode, socketGroup: gid } = settings;
  const listener = listenSeqpacket(path, gid === undefined ? { mode } : { mode, gid });
  if (listener.isErr()) {
    removeLock({ path, lock });
    return err(
      `cannot listen on ${path}: ${describeSysError(listener.error)}; choose another place with --socket=PATH`,
    );
  }
  return ok({ listener: listener.value, lock, path, bound: true });
}

/** @param fd a listening socket that this process was started with; the control socket owns it. */
export function adoptControlSocket(fd: number): Result<ControlSocket, Refusal> {
  const adopted = adoptListener(fd);
  if (adopted.isErr()) {
    return err(
      `descriptor ${fd} is no listening SOCK_SEQPACKET socket: ${describeSysError(adopted.error)}; see fdbroker.socket`,
    );
  }
  const listener = adopted.value;
  const path = boundPath(listener.fd);
  const locked =
    path === ''
      ? err(`descriptor ${fd} is bound to no path, so no lock can lie beside it; give it one`)
      : lockBeside(path);
  if (locked.isErr()) {
    listener.close();
    return err(locked.error);
  }
  return ok({ listener, lock: locked.value, path, bound: false });
}

/** Ends a start that was refused: nobody has the lock then, and nothing of it is left. */
export function removeLock({ path, lock }: Pick<ControlSocket, 'path' | 'lock'>): void {
  const file = `${path}.lock`;
  try {
    // While it is held, so that it is not another's
    if (isStill(lock, file)) rmSync(file);
  } catch {
    // One that may not be removed stays, and the next broker takes it
  }
  lock.close();
}

/** The last folder alone: those above it are the system's. */
function makeFolder(folder: string): Result<void, Refusal> {
  try {
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o755 });
    return ok();
  } catch (error) {
    return err(`cannot make ${folder}: ${(error as Error).message}; choose another place with --socket=PATH`);
  }
}

/** Whether something is there that is no socket; what may not be looked at is left to bind(2) to tell of. */
function isOther(path: string): boolean {
  try {
    return !lstatSync(path).isSocket();
  } catch {
    return false;
  }
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

/** The lock beside the socket, with our process in it. */
function lockBeside(path: string): Result<OwnedFd, Refusal> {
  const file = `${path}.lock`;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const locked = tryLock(file);
    if (locked.isErr()) return err(locked.error);
    const { lock, taken } = locked.value;
    if (taken && isStill(lock, file)) return sign(lock, path);
    const who = ownerOf(lock);
    lock.close();
    if (taken) continue;
    if (!isDead(who)) {
      return err(
        `another fdbrokerd (process ${who}) serves ${path}; stop it, or choose another socket with --socket=PATH`,
      );
    }
    const freed = freeDeadLock(file);
    if (freed.isErr()) return err(freed.error);
  }
  return err(`${file} is being replaced by others again and again; try again`);
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

function tryLock(file: string): Result<{ readonly lock: OwnedFd; readonly taken: boolean }, Refusal> {
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

/** An owner that has not written its number yet is not dead. */
function isDead(who: string): boolean {
  return /^\d+$/.test(who) && !existsSync(`/proc/${who}`);
}
