/** Control sockets by path: bound by us, handed over, or connected to. */
import { chmodSync, lchownSync, renameSync, unlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { err, ok, Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import { ownFd } from './close.js';
import { check, sysError } from './errno.js';
import { native } from './native.js';
import type { OwnedFd } from './owned-fd.js';

export interface ListenOptions {
  /** Permission bits of the socket file; who may write may connect. */
  readonly mode: number;
  /** Group of the socket file; left out: as the directory gives it. */
  readonly gid?: number;
  /** Connections waiting to be accepted; net.core.somaxconn bounds it. */
  readonly backlog?: number;
}

/** Bytes of sun_path without its NUL (unix(7)). */
const longestPath = 107;
const suffixBytes = 6;
const suffixLength = 1 + 2 * suffixBytes;

/**
 * Listens at `path` and replaces what is there. Nobody can connect before mode and group are right: the socket is bound
 * under a temporary name beside it, listens only when the file is as it should be, and is renamed last; the umask has no
 * part in it. After an error no file and no descriptor is left. The file outlives the descriptor.
 */
export function listenSeqpacket(path: string, options: ListenOptions): Result<OwnedFd, SysError> {
  const tooLong = checkLength('bind', path, longestPath - suffixLength);
  if (tooLong !== undefined) return err(tooLong);
  const opened = check('socket', native.openSeqpacket()).map(ownFd);
  if (opened.isErr()) return opened;
  const socket = opened.value;
  // Loaded here, because it takes 3 ms that programs which only connect need not wait
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  const temporary = `${path}.${randomBytes(suffixBytes).toString('hex')}`;
  return check('bind', native.bindPath(socket.fd, temporary))
    .andThen(() => publish(socket.fd, temporary, path, options).orElse((error) => discard(temporary, error)))
    .map(() => socket)
    .mapErr((error) => {
      socket.close();
      return { ...error, detail: path };
    });
}

function publish(fd: number, temporary: string, path: string, options: ListenOptions): Result<void, SysError> {
  const { mode, gid, backlog = 4096 } = options;
  return ok<void, SysError>(undefined)
    .andThen(() => (gid === undefined ? ok(undefined) : fileCall('chown', () => lchownSync(temporary, -1, gid))))
    .andThen(() => fileCall('chmod', () => chmodSync(temporary, mode)))
    .andThen(() => check('listen', native.listen(fd, backlog)))
    .andThen(() => fileCall('rename', () => renameSync(temporary, path)));
}

function discard(temporary: string, error: SysError): Result<never, SysError> {
  fileCall('unlink', () => unlinkSync(temporary)).unwrapOr(undefined);
  return err(error);
}

function fileCall(call: string, run: () => void): Result<void, SysError> {
  return Result.fromThrowable(run, (thrown) => {
    const { errno } = thrown as NodeJS.ErrnoException;
    if (errno === undefined) throw thrown;
    return sysError(call, errno);
  })();
}

/**
 * Takes a listening socket that was handed over (LISTEN_FDS, sd_listen_fds(3)) and makes it close-on-exec and
 * non-blocking. On an error the descriptor stays open and the caller's.
 */
export function adoptListener(fd: number): Result<OwnedFd, SysError> {
  const adopted = native.adoptListener(fd);
  if (adopted >= 0) return ok(ownFd(fd));
  return err(sysError('adopt listener', adopted, `descriptor ${fd} must be a listening unix SOCK_SEQPACKET socket`));
}

/**
 * The path a unix socket is bound to, for messages: of a socket of {@link listenSeqpacket} that is the temporary name.
 * Empty when it is bound to none or to an abstract name.
 */
export function boundPath(fd: number): string {
  const path = native.boundPath(fd);
  return typeof path === 'string' ? path : '';
}

/** Connects, or fails at once: ECONNREFUSED when nobody listens any more, EAGAIN when the backlog is full. */
export function connectSeqpacket(path: string): Result<OwnedFd, SysError> {
  return connectBy(native.openSeqpacket, path);
}

/** The same to a socket that keeps no message borders, as other programs have (SOCK_STREAM). */
export function connectStream(path: string): Result<OwnedFd, SysError> {
  return connectBy(native.openStream, path);
}

function connectBy(openSocket: () => number, path: string): Result<OwnedFd, SysError> {
  const tooLong = checkLength('connect', path, longestPath);
  if (tooLong !== undefined) return err(tooLong);
  return check('socket', openSocket())
    .map(ownFd)
    .andThen((socket) =>
      check('connect', native.connectPath(socket.fd, path))
        .map(() => socket)
        .mapErr((error) => {
          socket.close();
          return { ...error, detail: path };
        }),
    );
}

function checkLength(call: string, path: string, longest: number): SysError | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes <= longest) return undefined;
  const detail = `the socket's path has ${bytes} bytes and may have ${longest}: ${path}`;
  return sysError(call, -constants.errno.ENAMETOOLONG, detail);
}
