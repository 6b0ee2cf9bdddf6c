/** What a switch tells that was asked for the list of its ports, as it comes. */
import { performance } from 'node:perf_hooks';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { receive } from '../kernel/seqpacket.js';
import { decodeEvent, type PlugOrder } from '../protocol/switch-order.js';

/** Descriptors of one port at most. */
export const mostFds = 8;
const sleep = new Int32Array(new SharedArrayBuffer(4));

/** A port that a switch has. */
export interface Found {
  readonly order: PlugOrder;
  readonly fds: readonly OwnedFd[];
}

/** Disposed of, it closes the descriptors that came, unless they were taken. */
export class SwitchList implements Disposable {
  #found: Found[] = [];

  /** @param connection stays the caller's. */
  constructor(private readonly connection: number) {}

  /** Takes what is there. @returns whether that is the end of the list; gone: the switch will not tell it. */
  read(): 'complete' | 'more' | 'gone' {
    for (;;) {
      const received = receive(this.connection, mostFds);
      if (received.isErr() || received.value.tag === 'end') return 'gone';
      if (received.value.tag === 'nothing') return 'more';
      const { bytes, fds } = received.value;
      const event = decodeEvent(bytes);
      if (event.isOk() && event.value.event === 'listed') return 'complete';
      if (event.isOk() && event.value.event === 'port') this.#found.push({ order: event.value.order, fds });
      else for (const fd of fds) fd.close();
    }
  }

  /** @param patience milliseconds for all of it, in which nobody is served. */
  readFor(patience: number): 'complete' | 'more' | 'gone' {
    const deadline = performance.now() + patience;
    for (;;) {
      const state = this.read();
      if (state !== 'more' || performance.now() >= deadline) return state;
      Atomics.wait(sleep, 0, 0, 1);
    }
  }

  /** What came; the descriptors are the caller's. */
  take(): Found[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  [Symbol.dispose](): void {
    for (const { fds } of this.take()) for (const fd of fds) fd.close();
  }
}
