/** Takes connections off the listening socket, and lets them wait there while there are no descriptors for more. */
import type { Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { type Accepted, accept } from '../kernel/seqpacket.js';
import type { Watch } from '../kernel/watch.js';

/** Connections accepted in one turn. */
const batch = 16;
/** Milliseconds after which a pause ends by itself. */
const longestPause = 100;

export interface Hosts {
  /** Whether there is room for another connection; makes room if it can. */
  hasRoom(): boolean;
  /** Ends some connection, for its descriptor. @returns whether there was one to end. */
  evict(): boolean;
  admit(accepted: Accepted): void;
}

export class Acceptor implements Disposable {
  readonly #watch: Watch;
  readonly #listener: OwnedFd;
  readonly #hosts: Hosts;
  #pause: NodeJS.Timeout | undefined;

  /** @param listener a listening SOCK_SEQPACKET socket; it belongs to this object. */
  constructor(watch: Watch, listener: OwnedFd, hosts: Hosts) {
    this.#watch = watch;
    this.#listener = listener;
    this.#hosts = hosts;
  }

  listen(): Result<void, SysError> {
    return this.#watch.add(this.#listener.fd, { read: true }, () => this.#accept());
  }

  /** A connection has ended: whoever waits can be let in. */
  resume(): void {
    if (this.#pause === undefined) return;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#watch.change(this.#listener.fd, { read: true }).unwrapOr(undefined);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#watch.remove(this.#listener.fd);
    this.#listener.close();
  }

  #accept(): void {
    for (let count = 0; count < batch; count++) {
      if (!this.#hosts.hasRoom()) return this.#wait();
      const accepted = accept(this.#listener.fd);
      if (accepted.isErr()) {
        const full = accepted.error.code === 'EMFILE' || accepted.error.code === 'ENFILE';
        if (full && this.#hosts.evict()) continue;
        return this.#wait();
      }
      if (accepted.value === undefined) return;
      this.#hosts.admit(accepted.value);
    }
  }

  #wait(): void {
    this.#watch.change(this.#listener.fd, {}).unwrapOr(undefined);
    this.#pause ??= setTimeout(() => this.resume(), longestPause);
  }
}
