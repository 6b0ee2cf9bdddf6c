/** The ways a descriptor is closed: at once, or where it can delay nobody. */
import { close } from 'node:fs';
import { Closer } from './closer.js';
import { native } from './native.js';
import { OwnedFd } from './owned-fd.js';

/** The uid under which this program closes what no other user gave it; uids are 0 or more. */
const nobodyElse = -1;

/** By user, so that what one of them gives us to close delays no other; undefined before {@link startCloser}. */
let closers: Map<number, Closer> | undefined;
/** Uids of one user: they are closed for together, or each could have as many children block. */
let accountOf = (uid: number): number => uid;

/**
 * From now on {@link closeLater} closes in child processes, as a program must that takes descriptors and connections
 * from others. Without it, closing is left to libuv's thread pool, which four descriptors can block for good.
 *
 * @param account the uid by which a uid counts.
 * @returns what ends the children; descriptors that still wait stay open.
 */
export function startCloser(account: (uid: number) => number = (uid) => uid): Disposable {
  const started = new Map<number, Closer>();
  accountOf = account;
  closers = started;
  return {
    [Symbol.dispose]() {
      if (closers === started) closers = undefined;
      for (const closer of started.values()) closer[Symbol.dispose]();
    },
  };
}

/**
 * Closes a descriptor that may block whoever closes it: the last one of a bridged tap takes 16 ms, and what came from a
 * client takes as long as the client likes.
 *
 * @param uid the user it came from, or at whose wish it is there; left out for our own.
 */
export function closeLater(fd: number, uid = nobodyElse): void {
  if (closers === undefined) close(fd, () => undefined);
  else closerOf(closers, accountOf(uid)).close(fd);
}

/** Descriptors of that user, or of all, that {@link closeLater} has taken and not closed. */
export function pendingCloses(uid?: number): number {
  if (uid !== undefined) return closers?.get(accountOf(uid))?.pending ?? 0;
  let pending = 0;
  for (const closer of closers?.values() ?? []) pending += closer.pending;
  return pending;
}

/** Takes a descriptor that is closed at once: one of our own making. */
export function ownFd(fd: number): OwnedFd {
  // Linux frees the number whatever close(2) returns, so there is nothing to do about an error.
  return new OwnedFd(fd, (number) => native.close(number));
}

/** Takes a descriptor that is closed as by {@link closeLater}. */
export function ownFdLater(fd: number, uid?: number): OwnedFd {
  return new OwnedFd(fd, (number, later = uid) => closeLater(number, later));
}

function closerOf(among: Map<number, Closer>, uid: number): Closer {
  const known = among.get(uid);
  if (known !== undefined) return known;
  for (const [other, closer] of among) if (closer.asleep) among.delete(other);
  const closer = new Closer();
  among.set(uid, closer);
  return closer;
}
