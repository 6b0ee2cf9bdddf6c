/**
 * The listening socket: bound by us, or handed to us (sd_listen_fds(3)), as one and the same thing from then on. A socket
 * file that is left over belongs to nobody who holds the lock beside it, and is replaced.
 */
import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import type { BrokerSettings } from '../core/config.js';
import { describeSysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { adoptListener, boundPath, listenSeqpacket } from '../kernel/seqpacket.js';
import { lockBeside, type Refusal, removeLock } from './socket-lock.js';

export interface ControlSocket {
  readonly listener: OwnedFd;
  /** Held for as long as the broker serves the socket. */
  readonly lock: OwnedFd;
  readonly path: string;
  /** Whether the file is ours to remove in the end. */
  readonly bound: boolean;
}

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
