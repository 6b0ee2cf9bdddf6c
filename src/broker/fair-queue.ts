/** A queue that serves its users in turn, so that one with many requests delays another by one request only. */
export class FairQueue<T> {
  /** Insertion order is the order of turns. */
  readonly #queues = new Map<number, T[]>();
  size = 0;

  push(uid: number, item: T): void {
    const own = this.#queues.get(uid);
    if (own === undefined) this.#queues.set(uid, [item]);
    else own.push(item);
    this.size++;
  }

  /** The next user's oldest item; that user then goes to the end of the line. */
  shift(): T | undefined {
    for (const [uid, own] of this.#queues) {
      const item = own.shift();
      this.#queues.delete(uid);
      if (own.length > 0) this.#queues.set(uid, own);
      this.size--;
      return item;
    }
    return undefined;
  }

  delete(uid: number, item: T): void {
    const own = this.#queues.get(uid);
    const at = own?.indexOf(item) ?? -1;
    if (own === undefined || at < 0) return;
    own.splice(at, 1);
    if (own.length === 0) this.#queues.delete(uid);
    this.size--;
  }
}
