/** The writing end of a pipe, whose reader may be slow, or gone: nothing here waits. */
import { writeSync } from 'node:fs';
import type { Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { Watch } from '../kernel/watch.js';

export interface OutletEvents {
  /** All that was written has gone into the pipe. */
  drained(): void;
  /** It is closed, by the reader or by end(). */
  closed(): void;
}

export class Outlet implements Disposable {
  #waiting: Uint8Array[] = [];
  #backlog = 0;
  #ending = false;

  private constructor(
    private readonly fd: OwnedFd,
    private readonly watch: Watch,
    private readonly events: OutletEvents,
  ) {}

  /** @param fd non-blocking; it belongs to the outlet, and is closed when this fails. */
  static open(fd: OwnedFd, watch: Watch, events: OutletEvents): Result<Outlet, SysError> {
    const outlet = new Outlet(fd, watch, events);
    return watch
      .add(fd.fd, {}, ({ writable, error, hangup }) => {
        if (error || hangup) outlet[Symbol.dispose]();
        else if (writable) outlet.#writable();
      })
      .map(() => outlet)
      .mapErr((error) => {
        fd.close();
        return error;
      });
  }

  /** Bytes that were written and are not in the pipe. */
  get backlog(): number {
    return this.#backlog;
  }

  get open(): boolean {
    return this.fd.open;
  }

  /** @param bytes must not change afterwards. Nothing happens when it is closed. */
  write(bytes: Uint8Array): void {
    if (!this.fd.open || this.#ending) return;
    this.#waiting.push(bytes);
    this.#backlog += bytes.length;
    if (this.#waiting.length === 1) this.#flush();
  }

  /** Closes when all is written. */
  end(): void {
    this.#ending = true;
    if (this.#backlog === 0) this[Symbol.dispose]();
  }

  /** Closes now. */
  [Symbol.dispose](): void {
    if (!this.fd.open) return;
    this.watch.remove(this.fd.fd);
    this.fd.close();
    this.events.closed();
  }

  #writable(): void {
    this.#flush();
    if (this.#backlog > 0 || !this.fd.open) return;
    if (this.#ending) return this[Symbol.dispose]();
    void this.watch.change(this.fd.fd, {}).isOk();
    this.events.drained();
  }

  #flush(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const written = this.#tryWrite(first);
      if (written === undefined) return;
      this.#backlog -= written;
      if (written < first.length) this.#waiting[0] = first.subarray(written);
      else this.#waiting.shift();
    }
  }

  /** @returns bytes written; undefined: none for now, or it is closed. */
  #tryWrite(bytes: Uint8Array): number | undefined {
    try {
      return writeSync(this.fd.fd, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this[Symbol.dispose]();
      else if (this.watch.change(this.fd.fd, { write: true }).isErr()) this[Symbol.dispose]();
      return undefined;
    }
  }
}
