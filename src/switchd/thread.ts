/** A thread that moves frames, as the rest of the switch sees it. */
import { performance } from 'node:perf_hooks';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { waker } from '../kernel/poller.js';
import { Counters } from '../switch/counters.js';
import type { FdbMemory } from '../switch/fdb.js';
import { Pulse } from './pulse.js';
import type { Order, SharedTables, Task, Told } from './worker.js';

/** What a thread tells of its ports. */
export type PortTold = Exclude<Told, { tag: 'ready' | 'unfit' }>;

export interface ThreadEvents {
  told(what: PortTold): void;
  /** It cannot run: it has obeyed no order, and will obey none. */
  unfit(message: string): void;
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

/** What of its task is not the same for all threads of all switches. */
export type ThreadTask = Omit<Task, 'stop' | 'beats' | 'wake' | 'orders'>;

const usualProgram = new URL('./worker.js', import.meta.url);

export class Thread {
  /** Resolves when the thread runs; to undefined when it cannot. */
  readonly tables: Promise<Tables | undefined>;
  readonly pulse = new Pulse();
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #orders = new MessageChannel();
  readonly #ended: Promise<unknown>;
  #run: (tables: Tables | undefined) => void = () => {};
  #state: 'starting' | 'running' | 'over' = 'starting';

  private constructor(
    private readonly wake: OwnedFd,
    private readonly about: ThreadTask,
    private readonly events: ThreadEvents,
    program: URL,
  ) {
    const orders = this.#orders.port2;
    const task: Task = { ...about, stop: this.#stop, beats: this.pulse.memory, wake: wake.fd, orders };
    const worker = new Worker(program, { workerData: task, transferList: [orders] });
    this.tables = new Promise((resolve) => {
      this.#run = resolve;
    });
    worker.on('message', (told: Told) => this.#told(told));
    worker.on('error', (error) => this.#over(error));
    this.#ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.once('exit', () => this.#over(new Error('a thread has ended by itself')));
  }

  /** @param program the thread's, which takes a Task. */
  static start(about: ThreadTask, events: ThreadEvents, program = usualProgram): Result<Thread, SysError> {
    return waker.open().map((wake) => new Thread(wake, about, events, program));
  }

  /** Does nothing when it has ended, or is to. */
  post(order: Order): void {
    if (this.#state === 'over') return;
    this.#orders.port1.postMessage(order);
    this.#wake();
  }

  /** Resolves when the thread has ended; no frame moves any more. */
  async stop(): Promise<void> {
    this.tellToStop();
    await this.#ended;
    this.#orders.port1.close();
    this.wake.close();
  }

  tellToStop(): void {
    this.#state = 'over';
    Atomics.store(this.#stop, 0, 1);
    if (this.wake.open) this.#wake();
  }

  #wake(): void {
    this.pulse.expect();
    waker.wake(this.wake.fd);
  }

  #told(told: Told): void {
    if (told.tag === 'ready') this.#ready(told);
    else if (told.tag === 'unfit') this.#over(new Error(told.message));
    else this.events.told(told);
  }

  #ready({ counters, fdb, clock }: SharedTables): void {
    if (this.#state === 'starting') this.#state = 'running';
    const counts = new Counters(this.about.options.ports, counters);
    this.#run({ counters: counts, fdb, clockOffset: performance.now() / 1000 - clock });
  }

  /** It ends, or has ended. */
  #over(error: Error): void {
    const { events } = this;
    const before = this.#state;
    this.#state = 'over';
    this.#run(undefined);
    if (before === 'starting') events.unfit(error.message);
    else if (before === 'running') events.failed(error);
  }
}
