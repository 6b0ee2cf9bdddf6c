/**
 * Tells when a descriptor of a macvtap's has ended, wherever its copies were (inotify(7)). Several queues are several
 * descriptors; whether all have ended is for /proc/locks to tell.
 */
import { err, ok, type Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import { ownFd } from './close.js';
import { check } from './errno.js';
import type { KernelEvent } from './kernel.js';
import { nodePath } from './macvtap-node.js';
import { native } from './native.js';
import type { OwnedFd } from './owned-fd.js';

/** Events in one turn at most. */
const batch = 64;
/** What stands for events that were lost. */
const lost = -1;

export class NodeCloses implements Disposable {
  readonly #fd: OwnedFd;
  readonly #numbers = new Int32Array(batch);
  readonly #links = new Map<number, number>();

  private constructor(fd: OwnedFd) {
    this.#fd = fd;
  }

  static open(): Result<NodeCloses, SysError> {
    return check('inotify_init1', native.closesOpen()).map((fd) => new NodeCloses(ownFd(fd)));
  }

  /** Readable when there is something to {@link take}; it stays with this object, which closes it. */
  get fd(): number {
    return this.#fd.fd;
  }

  /** Does nothing when it is watched already. */
  watch(ifindex: number): Result<void, SysError> {
    const number = check(`inotify_add_watch ${nodePath(ifindex)}`, native.closesWatch(this.#fd.fd, nodePath(ifindex)));
    if (number.isErr()) return err(number.error);
    this.#links.set(number.value, ifindex);
    return ok();
  }

  /** What has happened, 64 events at most; the rest keeps the descriptor readable. */
  take(): KernelEvent[] {
    const count = native.closesTake(this.#fd.fd, this.#numbers);
    const events: KernelEvent[] = [];
    for (const number of this.#numbers.subarray(0, Math.max(0, count))) {
      const ifindex = this.#links.get(number);
      if (number < lost) this.#links.delete(lost - 1 - number);
      else if (number === lost || ifindex !== undefined) events.push({ tag: 'descriptor-closed', ifindex });
    }
    return events;
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }
}
