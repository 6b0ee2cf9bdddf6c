/**
 * Unix sockets that keep message borders and carry descriptors (unix(7), SOCK_SEQPACKET). Everything made here is
 * close-on-exec and non-blocking; no call waits.
 */
import { err, ok, type Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import { closeLater, ownFd, ownFdLater } from './close.js';
import { check, sysError } from './errno.js';
import { native } from './native.js';
import type { OwnedFd } from './owned-fd.js';
import { peerProcess } from './peer.js';

export { closeLater, ownFd, ownFdLater, pendingCloses, startCloser } from './close.js';
export { adoptListener, boundPath, connectSeqpacket, listenSeqpacket } from './listen.js';
export { peerCredentials, peerPidfd, peerProcess } from './peer.js';

/** Bytes of the longest message that is received whole. */
export const longestMessage = 65_536;
/** SCM_MAX_FD: descriptors in one message. */
const mostFds = 253;
/** One byte more, to see that a message is longer. */
const slab = new Uint8Array(longestMessage + 1);
const about = new Int32Array(2 + mostFds);

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
      /** The caller's to close, which happens as by closeLater: they are the peer's, and may block. */
      readonly fds: readonly OwnedFd[];
      /** Descriptors beyond `maxFds`, given to closeLater. */
      readonly surplus: number;
    };

/**
 * The next connection; undefined when there is none. EMFILE and ENFILE come back as errors and leave it waiting. It
 * closes as by closeLater: what lies unread in it closes with it, and may block.
 */
export function accept(listener: number): Result<OwnedFd | undefined, SysError> {
  return check('accept', native.accept(listener))
    .map((fd) => ownFdLater(fd, peerUid(fd)))
    .orElse((error) => (isPassing(error.code) ? ok(undefined) : err(error)));
}

/** Errors of accept(2) that are of one connection, or of the moment. */
function isPassing(code: string): boolean {
  return code === 'EAGAIN' || code === 'ECONNABORTED' || code === 'EINTR' || code === 'EPROTO';
}

/** The user at the other end; undefined when there is none, or no socket. */
function peerUid(fd: number): number | undefined {
  return peerProcess(fd).match(
    ({ uid }) => uid,
    () => undefined,
  );
}

/**
 * One message.
 *
 * @param maxFds descriptors to keep, 0 to 253; any more are given to closeLater and counted.
 * @returns ECONNRESET when the peer closed without reading what it was sent.
 */
export function receive(fd: number, maxFds: number): Result<Received, SysError> {
  const length = native.receive(fd, slab, about);
  if (length < 0) {
    const error = sysError('recvmsg', length);
    return error.code === 'EAGAIN' ? ok({ tag: 'nothing' }) : err(error);
  }
  const [cutOff = 0, count = 0] = about;
  const kept = length === 0 ? 0 : Math.min(count, maxFds);
  const fds = takeFds(fd, about.subarray(2, 2 + count), kept);
  const surplus = count - kept;
  if (length === 0) return ok({ tag: 'end', surplus });
  return ok({
    tag: 'message',
    bytes: slab.slice(0, length),
    truncated: cutOff !== 0 || length > longestMessage,
    fds,
    surplus,
  });
}

/** The first `kept` of the descriptors that came; the others are closed. */
function takeFds(from: number, numbers: Int32Array, kept: number): OwnedFd[] {
  if (numbers.length === 0) return [];
  const uid = peerUid(from);
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
