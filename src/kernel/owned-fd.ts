/** A file descriptor with one owner. Hold it with `using`; {@link OwnedFd.release} gives it away. */
export class OwnedFd implements Disposable {
  #fd: number;
  readonly #close: (fd: number, user?: number) => void;
  #user: number | undefined;

  /** @param close how this descriptor is closed; it must not throw. It is told for which uid, once {@link closeFor} was. */
  constructor(fd: number, close: (fd: number, user?: number) => void) {
    this.#fd = fd;
    this.#close = close;
  }

  /** The number, for a call made now. Throws when it was closed or given away: a bug of ours. */
  get fd(): number {
    if (this.#fd < 0) throw new Error('descriptor used after it was closed or given away');
    return this.#fd;
  }

  get open(): boolean {
    return this.#fd >= 0;
  }

  /** Gives the descriptor to the caller, who closes it from now on. */
  release(): number {
    const { fd } = this;
    this.#fd = -1;
    return fd;
  }

  /** From now on the close is at this user's cost, where it takes time. */
  closeFor(uid: number): void {
    this.#user = uid;
  }

  close(): void {
    if (this.#fd >= 0) this.#close(this.release(), this.#user);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
