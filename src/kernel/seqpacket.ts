/**
 * Unix sockets that keep message borders and carry descriptors (unix(7), SOCK_SEQPACKET). Everything made here is
 * close-on-exec and non-blocking; no call waits.
 */
import { constants } from 'node:os';
import { err, ok, type Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import { closeLater, ownFd, ownFdLater } from './close.js';
import { check, sysError } from './errno.js';
import { native } from './native.js';
import type { OwnedFd } from './owned-fd.js';
import type { PeerProcess } from './peer.js';

export { closeLater, ownFd, ownFdLater, pendingCloses, startCloser } from './close.js';
export { adoptListener, boundPath, connectSeqpacket, connectStream, listenSeqpacket } from './listen.js';
export { type PeerProcess, peerGroups, peerPidfd, peerProcess } from './peer.js';

/** Bytes of the longest message that is received whole. */
export const longestMessage = 65_536;
/** SCM_MAX_FD: descriptors in one message. */
const mostFds = 253;
/** One byte more, to see that a message is longer. */
const slab = new Uint8Array(longestMessage + 1);
const about = new Int32Array(2 + mostFds);
/** Bits of its first place. */
const [cutOff, hangUp] = [1, 2];
const credentials = new Uint32Array(3);
/** What the kernel says where there is no peer. */
const nobody = 0xffff_ffff;
const { EAGAIN } = constants.errno;

export type Received =
  /** There is none yet. */
  | { readonly tag: 'nothing' }
  /** The peer has closed, or sent an empty message: a SEQPACKET reader cannot tell. */
  | { readonly tag: 'end'; readonly surplus: number }
  | {
      readonly tag: 'message';
      /** The caller's own copy. */
      readonly bytes: Uint8Array;
      /** Bytes were cut off, or descriptors: then this process has no free numbers left. */
      readonly truncated: boolean;
      /** The peer has closed its end, and will read no answer. */
      readonly hungUp: boolean;
      /** The caller's to close, which happens as by closeLater: they are the peer's, and may block. */
      readonly fds: readonly OwnedFd[];
      /** Descriptors beyond `maxFds`, given to closeLater. */
      readonly surplus: number;
    };

/** A connection, and who made it (SO_PEERCRED). */
export interface Accepted {
  readonly fd: OwnedFd;
  readonly peer: PeerProcess;
}

/**
 * The next connection; undefined when there is none. EMFILE and ENFILE come back as errors and leave it waiting. It
 * closes as by closeLater for its peer: what lies unread in it closes with it, and may block.
 */
export function accept(listener: number): Result<Accepted | undefined, SysError> {
  const fd = native.accept(listener, credentials);
  if (fd === -EAGAIN) return ok(undefined);
  if (fd < 0) {
    const error = sysError('accept', fd);
    return isPassing(error.code) ? ok(undefined) : err(error);
  }
  const [pid = 0, uid = nobody, gid = nobody] = credentials;
  return ok({ fd: ownFdLater(fd, uid), peer: { pid, uid, gid } });
}

/** Errors of accept(2) that are of one connection, or of the moment. */
function isPassing(code: string): boolean {
  return code === 'ECONNABORTED' || code === 'EINTR' || code === 'EPROTO';
}

/**
 * One message.
 *
 * @param maxFds descriptors to keep, 0 to 253; any more are given to closeLater and counted.
 * @param uid the user on whose account descriptors are closed; left out: our own.
 * @returns ECONNRESET when the peer closed without reading what it was sent.
 */
export function receive(fd: number, maxFds: number, uid?: number): Result<Received, SysError> {
  const length = native.receive(fd, slab, about);
  if (length === -EAGAIN) return ok({ tag: 'nothing' });
  if (length < 0) return err(sysError('recvmsg', length));
  const [flags = 0, count = 0] = about;
  const kept = length === 0 ? 0 : Math.min(count, maxFds);
  const fds = takeFds(about.subarray(2, 2 + count), kept, uid);
  const surplus = count - kept;
  if (length === 0) return ok({ tag: 'end', surplus });
  return ok({
    tag: 'message',
    bytes: slab.slice(0, length),
    truncated: (flags & cutOff) !== 0 || length > longestMessage,
    hungUp: (flags & hangUp) !== 0,
    fds,
    surplus,
  });
}

/** The first `kept` of the descriptors that came; the others are closed. */
function takeFds(numbers: Int32Array, kept: number, uid: number | undefined): OwnedFd[] {
  if (numbers.length === 0) return [];
  for (const number of numbers.subarray(kept)) closeLater(number, uid);
  return Array.from(numbers.subarray(0, kept), (number) => ownFdLater(number, uid));
}

/**
 * Sends one message, whole or not at all, with copies of `fds`, which stay the caller's. EAGAIN when the peer does not
 * read, EPIPE or ECONNRESET when it is gone, ETOOMANYREFS when too many unread descriptors of this user are in flight.
 */
export function send(fd: number, bytes: Uint8Array, fds: readonly number[]): Result<void, SysError> {
  return check('sendmsg', native.send(fd, bytes, Int32Array.from(fds))).map(() => undefined);
}

/**
 * The same, with descriptors that are given away: once sent they are closed here, in the same call into the kernel's
 * world, so that a peer that closes its copies at once does not leave the last one, and its slow close, to us. When it
 * fails they stay the caller's.
 */
export function sendAway(fd: number, bytes: Uint8Array, away: readonly OwnedFd[]): Result<void, SysError> {
  const numbers = Int32Array.from(away, (owned) => owned.fd);
  return check('sendmsg', native.sendAway(fd, bytes, numbers)).map(() => {
    for (const owned of away) owned.release();
  });
}

/** What the peer has not read yet, in the kernel's own measure (SIOCOUTQ): 0 when it has read everything. */
export function unsentBytes(fd: number): Result<number, SysError> {
  return check('SIOCOUTQ', native.unsentBytes(fd));
}

/** socketpair(2). */
export function socketPair(type: 'stream' | 'seqpacket' | 'dgram'): Result<[OwnedFd, OwnedFd], SysError> {
  const ends = new Int32Array(2);
  return check('socketpair', native.socketPair(type, ends)).map(() => {
    const [one = -1, other = -1] = ends;
    return [ownFd(one), ownFd(other)];
  });
}
