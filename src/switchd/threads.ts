/** The threads that move frames. The first is there from the start; another starts when the first order for it comes. */
import { describeSysError } from '../core/sys-error.js';
import type { SwitchOptions } from '../switch/switch.js';
import { type PortTold, type Tables, Thread } from './thread.js';
import type { Manner, Order } from './worker.js';

export interface ThreadsEvents {
  told(what: PortTold): void;
  /** The thread cannot run, and nothing that was posted to it was done; nothing may be posted to it any more. */
  lost(thread: number, message: string): void;
  /** One has ended without being asked to: a bug of ours. */
  failed(error: Error): void;
  /** One does not go on: a bug of ours, and an orderly exit would wait for it. */
  hung(thread: number): void;
}

/** Milliseconds between two looks at whether the threads go on, and how many in a row may find one where it was. */
const lookPause = 5000;
const mostLooks = 3;

export class Threads {
  /** By number; undefined: it is not needed as yet, or is lost. */
  readonly #threads: (Thread | undefined)[];
  readonly #timer: NodeJS.Timeout;
  /** A thread that waits in the kernel would hold up the exit for ever. */
  readonly #onExit = () => {
    for (const thread of this.#threads) thread?.tellToStop();
  };

  /**
   * @param most how many there can be, numbered from 0. Of the processors that the manner names each gets a part: the first
   * the first of them, and so on in turn.
   * @param program of each; left out: worker.js.
   */
  constructor(
    most: number,
    private readonly options: SwitchOptions,
    private readonly manner: Manner,
    private readonly events: ThreadsEvents,
    private readonly program?: URL,
  ) {
    this.#threads = new Array(most).fill(undefined);
    this.#timer = setInterval(() => this.look(), lookPause).unref();
    process.once('exit', this.#onExit);
    this.#start(0);
  }

  get most(): number {
    return this.#threads.length;
  }

  get running(): number {
    return this.#threads.filter((thread) => thread !== undefined).length;
  }

  post(thread: number, order: Order): void {
    (this.#threads[thread] ?? this.#start(thread))?.post(order);
  }

  /** Looks whether they go on: to be called from time to time, as the timer does. */
  look(): void {
    for (const [number, thread] of this.#threads.entries()) {
      if (thread !== undefined && thread.pulse.look() >= mostLooks) this.events.hung(number);
    }
  }

  /** Of each that runs, by its number, as soon as it does. */
  async tables(): Promise<ReadonlyMap<number, Tables>> {
    const all = await Promise.all(this.#threads.map((thread) => thread?.tables));
    return new Map(all.flatMap((tables, thread) => (tables === undefined ? [] : [[thread, tables]])));
  }

  /**
   * Resolves when all have ended, and no frame moves any more; or when some have not in time.
   *
   * @returns whether all have.
   */
  async stop(milliseconds: number): Promise<boolean> {
    clearInterval(this.#timer);
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<boolean>((resolve) => {
      late = setTimeout(() => resolve(false), milliseconds);
    });
    const stopped = Promise.all(this.#threads.map((thread) => thread?.stop())).then(() => true);
    const all = await Promise.race([stopped, tooLate]);
    clearTimeout(late);
    if (all) process.off('exit', this.#onExit);
    return all;
  }

  #start(thread: number): Thread | undefined {
    const processors = this.#processorsOf(thread);
    const realtime = { ...this.manner.realtime, ...(processors === undefined ? {} : { processors }) };
    // What is wrong with others is told at the start, and not when they are needed
    const parts = thread === 0 ? [...this.#threads.keys()].map((other) => this.#processorsOf(other)) : [];
    const others = parts.filter((part) => part !== undefined);
    const lost = (message: string) => {
      void this.#threads[thread]?.stop();
      this.#threads[thread] = undefined;
      this.events.lost(thread, message);
    };
    const { told, failed } = this.events;
    const task = { ...this.manner, options: this.options, others, realtime };
    const started = Thread.start(task, { told, failed, unfit: lost }, this.program);
    if (started.isErr()) {
      lost(describeSysError(started.error));
      return undefined;
    }
    this.#threads[thread] = started.value;
    return started.value;
  }

  #processorsOf(thread: number): readonly number[] | undefined {
    return this.manner.realtime.processors?.filter((_, nth) => nth % this.most === thread);
  }
}
