/** Tells when descriptors are ready: one epoll set in the addon, of any kind of descriptor (epoll(7)). */
import { err, ok, type Result } from 'neverthrow';
import { describeSysError, type SysError } from '../core/sys-error.js';
import { check, sysError } from './errno.js';
import { native, type WatchHandle } from './native.js';

export interface Interest {
  readonly read?: boolean;
  readonly write?: boolean;
}

export interface Events {
  readonly readable: boolean;
  readonly writable: boolean;
  /** EPOLLHUP: both directions are closed. */
  readonly hangup: boolean;
  /** EPOLLERR: the next call on the descriptor tells which error. */
  readonly error: boolean;
}

interface Watched {
  readonly generation: number;
  readonly ready: (events: Events) => void;
}

/** Bits of interest and events, as of watch.h. */
const bits = { read: 1, write: 2, hangup: 4, error: 8 } as const;
/** Events in one turn of the event loop at most. */
const batchSize = 64;

/**
 * An open watch keeps the event loop alive. It is level-triggered: what was not dealt with comes again in the next turn,
 * and so does what had no room among the 64 events of this one. An error thrown by a callback becomes an uncaught
 * exception, and the rest of the turn's events are still told.
 */
export class Watch implements Disposable {
  readonly #batch = new Int32Array(3 * batchSize);
  readonly #watched = new Map<number, Watched>();
  #handle: WatchHandle | undefined;
  #generation = 0;

  /** Throws when the process has no descriptor or memory left for it. */
  constructor() {
    const opened = native.watchOpen(this.#batch, (count) => this.#tell(count));
    if (typeof opened === 'number') throw new Error(describeSysError(sysError('epoll_create1', opened)));
    this.#handle = opened;
  }

  /**
   * @param fd stays the caller's. EEXIST when it is watched already, EPERM when its kind cannot be (a plain file).
   * @param ready called in a turn of its own, never from within this call.
   */
  add(fd: number, interest: Interest, ready: (events: Events) => void): Result<void, SysError> {
    const generation = (this.#generation + 1) | 0;
    return this.#control('EPOLL_CTL_ADD', (handle) => native.watchAdd(handle, fd, generation, toBits(interest))).map(
      () => {
        this.#generation = generation;
        this.#watched.set(fd, { generation, ready });
      },
    );
  }

  /**
   * Hangup and error come whatever the interest, `{}` too, and in every turn: a descriptor that only waits must be
   * removed when they come. ENOENT when it is not watched.
   */
  change(fd: number, interest: Interest): Result<void, SysError> {
    const generation = this.#watched.get(fd)?.generation ?? 0;
    return this.#control('EPOLL_CTL_MOD', (handle) => native.watchChange(handle, fd, generation, toBits(interest)));
  }

  /**
   * After this, `ready` is not called again. To be called before the descriptor is closed: while another process holds a
   * copy of it a closed one would report for ever. Does nothing when it is not watched.
   */
  remove(fd: number): void {
    if (this.#handle !== undefined && this.#watched.delete(fd)) native.watchRemove(this.#handle, fd);
  }

  /** Keeps the event loop alive, as a new watch does. */
  ref(): void {
    if (this.#handle !== undefined) native.watchReference(this.#handle, true);
  }

  /** Lets the event loop end. */
  unref(): void {
    if (this.#handle !== undefined) native.watchReference(this.#handle, false);
  }

  /** Calls nobody any more. The watched descriptors stay as they are. */
  close(): void {
    if (this.#handle !== undefined) native.watchClose(this.#handle);
    this.#handle = undefined;
    this.#watched.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #control(call: string, run: (handle: WatchHandle) => number): Result<void, SysError> {
    if (this.#handle === undefined) throw new Error('a watch was used after it was closed');
    const done = check(call, run(this.#handle));
    return done.isErr() ? err(done.error) : ok(undefined);
  }

  #tell(count: number): void {
    for (let at = 0; at < 3 * count; at += 3) {
      const watched = this.#watched.get(this.#batch[at] ?? -1);
      // Else removed, and perhaps added again as another descriptor, by a callback earlier in this turn.
      if (watched === undefined || watched.generation !== this.#batch[at + 1]) continue;
      try {
        watched.ready(toEvents(this.#batch[at + 2] ?? 0));
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

function toBits({ read = false, write = false }: Interest): number {
  return (read ? bits.read : 0) | (write ? bits.write : 0);
}

function toEvents(events: number): Events {
  return {
    readable: (events & bits.read) !== 0,
    writable: (events & bits.write) !== 0,
    hangup: (events & bits.hangup) !== 0,
    error: (events & bits.error) !== 0,
  };
}
