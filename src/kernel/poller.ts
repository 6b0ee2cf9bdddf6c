/** Waiting for descriptors in a thread that does nothing else, by epoll(7); and waking it from another (eventfd(2)). */
import type { Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import { ownFd } from './close.js';
import { check } from './errno.js';
import { native } from './native.js';
import type { OwnedFd } from './owned-fd.js';

export const readable = 1;
/** All other ends are closed; what they sent may still be there. */
export const hungUp = 2;
export const failing = 4;

const batch = 64;

export class Poller implements Disposable {
  /** id and events, one pair after another, of the last wait(). */
  readonly ready = new Int32Array(2 * batch);

  private constructor(
    private readonly epoll: OwnedFd,
    private readonly beats: Int32Array,
  ) {}

  /**
   * @param beats for other threads to see: its first number grows by 1 before each wait and after it, its second with each
   * {@link goOn}.
   */
  static open(beats: Int32Array = new Int32Array(2)): Result<Poller, SysError> {
    return check('epoll_create1', native.pollerOpen()).map((fd) => new Poller(ownFd(fd), beats));
  }

  /**
   * @param id comes back from wait().
   * @param edge tell once whenever more has come, and not for as long as something is there.
   */
  add(fd: number, id: number, edge: boolean): Result<number, SysError> {
    return check('epoll_ctl', native.pollerAdd(this.epoll.fd, fd, id, edge));
  }

  /** Before the descriptor is closed. */
  remove(fd: number): void {
    native.pollerRemove(this.epoll.fd, fd);
  }

  /**
   * Waits until something is there.
   *
   * @param milliseconds -1: for ever.
   * @returns how many pairs there are in `ready`; 0: the time is over, or a signal came.
   */
  wait(milliseconds: number): number {
    Atomics.add(this.beats, 0, 1);
    const count = native.pollerWait(this.epoll.fd, this.ready, milliseconds);
    Atomics.add(this.beats, 0, 1);
    return Math.max(0, count);
  }

  /** A part of what wait() has told is done: a turn with much to do takes long. */
  goOn(): void {
    Atomics.add(this.beats, 1, 1);
  }

  [Symbol.dispose](): void {
    this.epoll.close();
  }
}

/** Makes a descriptor readable that another thread waits for. */
export const waker = {
  /** The caller closes it. */
  open: (): Result<OwnedFd, SysError> => check('eventfd', native.wakerOpen()).map(ownFd),
  wake: (fd: number): void => void native.wakerWake(fd),
  drain: (fd: number): void => void native.wakerDrain(fd),
};
