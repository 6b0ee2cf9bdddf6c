/** Who is at the other end of a unix socket, by the kernel's word and nothing else (unix(7)). */
import { err, ok, type Result } from 'neverthrow';
import type { Credentials } from '../core/credentials.js';
import type { SysError } from '../core/sys-error.js';
import { ownFd } from './close.js';
import { check } from './errno.js';
import { native } from './native.js';
import type { OwnedFd } from './owned-fd.js';

/** Room for the groups of most processes. */
const usual = new Uint32Array(64);

/** A process and its user, without the groups. */
export type PeerProcess = Omit<Credentials, 'groups'>;

/**
 * SO_PEERCRED: who connected, listened or made the socketpair. ENOTSOCK for what is no socket, EAFNOSUPPORT for one that
 * is not AF_UNIX, ENOTCONN for one without a peer.
 */
export function peerProcess(fd: number): Result<PeerProcess, SysError> {
  const words = new Uint32Array(3);
  return check('SO_PEERCRED', native.peerProcess(fd, words)).map(() => {
    const [pid = 0, uid = 0, gid = 0] = words;
    return { pid, uid, gid };
  });
}

/** SO_PEERGROUPS: the supplementary groups, as they were at connect. Errors as of {@link peerProcess}, if not as clear. */
export function peerGroups(fd: number): Result<readonly number[], SysError> {
  return check('SO_PEERGROUPS', native.peerGroups(fd, usual)).andThen((count) => {
    if (count <= usual.length) return ok(Array.from(usual.subarray(0, count)));
    // A peer's groups never change, so the second answer fits.
    const all = new Uint32Array(count);
    return check('SO_PEERGROUPS', native.peerGroups(fd, all)).map(() => [...all]);
  });
}

/**
 * A pidfd of the process that {@link peerProcess} names, to follow its life: ready to read when it has ended. An error
 * when it has ended already.
 *
 * SO_PEERPIDFD is exact and came with Linux 6.5. Before, the process id is opened, and counts when the socket has not
 * hung up by then. A peer can fool that: it passes its end to another process, dies, and the pidfd names whoever got its
 * number. So a pidfd may decide how long the peer's own grant lives and nothing else.
 */
export function peerPidfd(fd: number): Result<OwnedFd, SysError> {
  return check('SO_PEERPIDFD', native.peerPidfd(fd))
    .orElse((error) => (error.code === 'ENOPROTOOPT' ? peerPidfdByNumber(fd) : err(error)))
    .map(ownFd);
}

function peerPidfdByNumber(fd: number): Result<number, SysError> {
  return check('pidfd_open (peer)', native.peerPidfdByNumber(fd));
}
