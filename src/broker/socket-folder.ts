/**
 * The folder of the control socket, in which the broker makes the sockets of the switch and the keeper later on. By then it
 * has given up root's right to write anywhere, so a folder that is somebody else's, as systemd-tmpfiles(8) makes it for a
 * broker of its own user, keeps it out.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { listenSeqpacket } from '../kernel/seqpacket.js';

/**
 * @param path of a socket.
 * @returns why none can be made in its folder, and what to do; undefined: one can.
 */
export function closedFolder(path: string): string | undefined {
  const folder = dirname(path);
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch {
    const me = process.geteuid?.() ?? 0;
    const { uid = me } = statSync(folder, { throwIfNoEntry: false }) ?? {};
    const remedy = uid === me ? `chmod u+w ${folder}` : `chown ${me} ${folder}, or have systemd start the broker`;
    return `the broker, of uid ${me}, may not write in ${folder}, which belongs to uid ${uid}; ${remedy}`;
  }
}

/** Listens for the broker itself at a path beside the control socket; a socket that is left over there is replaced. */
export function listenBeside(path: string): Result<OwnedFd, SysError> {
  return listenSeqpacket(path, { mode: 0o600 }).mapErr((error) => {
    const closed = error.code === 'EACCES' ? closedFolder(path) : undefined;
    return closed === undefined ? error : { ...error, detail: closed };
  });
}
