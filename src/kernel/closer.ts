/** Closes descriptors that may block whoever closes them: a child process does it, and is given up when it blocks. */
import { describeSysError } from '../core/sys-error.js';
import { sysError } from './errno.js';
import { type CloserHandle, native } from './native.js';

/** To wake the child costs more than a close, so it is woken for some at a time, or after so many milliseconds. */
const batch = 32;
const gatheringTime = 16;

export interface CloserOptions {
  /** Milliseconds that one close may take before its child is killed and another goes on with the rest. */
  readonly patience?: number;
  /** Milliseconds without work after which the child is sent away. */
  readonly rest?: number;
  /** Children that were killed and cannot die as yet; with so many, the rest waits. */
  readonly mostStuck?: number;
}

/**
 * The child is started by the first descriptor and shares this process's descriptor table, so that its close(2) frees
 * the number here, before it blocks. Killing it ends what a signal can end (a lingering socket). What no signal ends,
 * FUSE before all, keeps the child until its user lets go, and costs nothing but that child. No descriptor is closed
 * twice; one whose child is killed from outside at the very moment of closing may stay open.
 *
 * Needs no privilege, and no timer while there is nothing to close. Does not keep the event loop alive.
 */
export class Closer implements Disposable {
  readonly #patience: number;
  readonly #rest: number;
  readonly #mostStuck: number;
  readonly #handle: CloserHandle;
  readonly #state = new Uint32Array(5);
  /** What has no room in the addon as yet, in order. */
  #overflow: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #idle = false;
  /** The close that should be under way at the next look has this number; when it still is, it is stuck. */
  #expected = 0;

  /** Throws when there is no memory. */
  constructor({ patience = 50, rest = 5000, mostStuck = 16 }: CloserOptions = {}) {
    this.#patience = patience;
    this.#rest = rest;
    this.#mostStuck = mostStuck;
    const opened = native.closerOpen();
    if (typeof opened === 'number') throw new Error(describeSysError(sysError('closerOpen', opened)));
    this.#handle = opened;
  }

  /** Takes the descriptor, which nobody may use from now on. Never waits, and tells no error of close(2). */
  close(fd: number): void {
    this.#overflow.push(fd);
    if (this.#overflow.length >= batch) this.#work();
    else this.#gathering ??= setTimeout(() => this.#work(), gatheringTime).unref();
  }

  #work(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#fill();
    if (this.#timer === undefined || this.#idle) this.#goOn();
  }

  /** Descriptors given to it whose close(2) has not come back, stuck ones too. */
  get pending(): number {
    const { waiting, busy, stuck } = this.#look();
    return this.#overflow.length + waiting + busy + stuck;
  }

  /** Whether it has neither work nor a child. */
  get asleep(): boolean {
    return this.#timer === undefined && this.pending === 0;
  }

  /** Ends the child. Descriptors that still wait stay open. */
  [Symbol.dispose](): void {
    clearTimeout(this.#gathering);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    native.closerStop(this.#handle);
  }

  #fill(): void {
    const left = this.#overflow.findIndex((fd) => native.closerPush(this.#handle, fd) < 0);
    this.#overflow = left < 0 ? [] : this.#overflow.slice(left);
  }

  /** Sees to it that somebody closes, and looks again in a while. */
  #goOn(): void {
    const state = this.#look();
    // A start that fails, for want of memory or processes, is tried again at the next look.
    if (state.running === 0 && state.stuck < this.#mostStuck) native.closerStart(this.#handle);
    this.#expected = state.underWay;
    this.#lookAgainIn(this.#patience);
    this.#idle = false;
  }

  #lookAgainIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), milliseconds).unref();
  }

  #check(): void {
    this.#fill();
    const { waiting, busy, underWay } = this.#look();
    if (waiting > 0 || busy > 0) {
      if (underWay === this.#expected) native.closerGiveUp(this.#handle);
      this.#goOn();
    } else if (this.#idle) {
      this.#timer = undefined;
      native.closerGiveUp(this.#handle);
    } else {
      this.#idle = true;
      this.#lookAgainIn(this.#rest);
    }
  }

  #look() {
    native.closerLook(this.#handle, this.#state);
    const [waiting = 0, begun = 0, busy = 0, running = 0, stuck = 0] = this.#state;
    // The number of the close that is under way, or comes next.
    const underWay = busy > 0 ? begun : (begun + 1) >>> 0;
    return { waiting, busy, running, stuck, underWay };
  }
}
