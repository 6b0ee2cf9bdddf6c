/** The thread that moves frames, as the rest of the switch sees it. */
import { performance } from 'node:perf_hooks';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { waker } from '../kernel/poller.js';
import { Counters } from '../switch/counters.js';
import type { FdbMemory } from '../switch/fdb.js';
import type { SwitchOptions } from '../switch/switch.js';
import type { Manner, Order, Task, Told } from './worker.js';

export interface ThreadEvents {
  told(what: Exclude<Told, { tag: 'ready' }>): void;
  /** It ended without being asked to: a bug of ours. */
  failed(error: Error): void;
}

/** What the thread writes and others may read. */
export interface Tables {
  readonly counters: Counters;
  readonly fdb: FdbMemory;
  /** Seconds by which our clock is ahead of the thread's. */
  readonly clockOffset: number;
}

export class Thread {
  /** Resolves when the thread runs. */
  readonly tables: Promise<Tables>;
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #orders = new MessageChannel();
  readonly #worker: Worker;

  private constructor(
    private readonly wake: OwnedFd,
    options: SwitchOptions,
    manner: Manner,
    events: ThreadEvents,
  ) {
    const task: Task = { ...manner, options, stop: this.#stop, wake: wake.fd, orders: this.#orders.port2 };
    const transferList = [this.#orders.port2];
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: task, transferList });
    this.tables = new Promise((resolve) => {
      this.#worker.on('message', (told: Told) => {
        if (told.tag !== 'ready') return events.told(told);
        const counters = new Counters(options.ports, told.counters);
        resolve({ counters, fdb: told.fdb, clockOffset: performance.now() / 1000 - told.clock });
      });
    });
    this.#worker.on('error', (error) => events.failed(error));
    // A thread that waits in the kernel would hold up the exit for ever
    process.once('exit', () => this.#tellToStop());
  }

  static start(options: SwitchOptions, manner: Manner, events: ThreadEvents): Result<Thread, SysError> {
    return waker.open().map((wake) => new Thread(wake, options, manner, events));
  }

  post(order: Order): void {
    this.#orders.port1.postMessage(order);
    waker.wake(this.wake.fd);
  }

  /** Resolves when the thread has ended; no frame moves any more. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#tellToStop();
    await ended;
    this.#orders.port1.close();
    this.wake.close();
  }

  #tellToStop(): void {
    Atomics.store(this.#stop, 0, 1);
    if (this.wake.open) waker.wake(this.wake.fd);
  }
}
