/**
 * Shows what the broker allows somebody to see: reports and captures, each into a pipe. Whoever has its other end may read
 * slowly or not at all; the threads that move frames never know.
 */
import { performance } from 'node:perf_hooks';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { Watch } from '../kernel/watch.js';
import type { InspectOrder, ReportOrder } from '../protocol/inspect-order.js';
import { encodeLine } from '../protocol/switch-report.js';
import { LiveCapture } from './live-capture.js';
import { Outlet } from './outlet.js';
import type { Ports } from './ports.js';
import { type ReportSources, reportTexts } from './report.js';
import { slabBytes } from './slots.js';
import type { Tables } from './thread.js';
import type { Threads } from './threads.js';

/** At once: of one account, and of all. A capture has a ring of 4 MiB. */
const mostReports = [4, 64] as const;
const mostCaptures = [2, 8] as const;
/** Milliseconds that the reader of a report has. */
const patience = 10_000;
/** Milliseconds between two looks into the rings, while there are any. */
const drainPause = 20;

interface Shown {
  readonly account: number;
  readonly order: InspectOrder['order'];
}

export interface InspectorOptions {
  readonly ports: number;
  /** Of each thread. */
  readonly addresses: number;
}

export class Inspector implements Disposable {
  readonly #watch = new Watch();
  readonly #shown = new Set<Shown>();
  readonly #captures = new Set<LiveCapture>();
  readonly #since = Math.floor(Date.now() / 1000);
  #timer: NodeJS.Timeout | undefined;
  #ids = 0;

  constructor(
    private readonly threads: Pick<Threads, 'most' | 'post' | 'running' | 'tables'>,
    private readonly ports: Ports,
    private readonly options: InspectorOptions,
  ) {
    this.#watch.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const capture of [...this.#captures]) capture[Symbol.dispose]();
    this.#watch.close();
  }

  /** @param end of the pipe; it belongs to the inspector. */
  show(order: InspectOrder, end: OwnedFd): void {
    const shown: Shown = { account: order.account, order: order.order };
    const full = this.#noRoomFor(shown);
    if (full !== undefined) return this.#refuse(end, full);
    this.#shown.add(shown);
    void this.threads.tables().then((tables) => {
      if (order.order === 'report') this.#report(order, tables, end, shown);
      else this.#capture(order, end, shown);
    });
  }

  /** A port is no more. */
  ended(port: number): void {
    const networks = new Set([...this.ports].map(({ order }) => order.network));
    for (const capture of [...this.#captures]) {
      const { order } = capture;
      if (order.port === port || !networks.has(order.network)) capture.stop();
    }
  }

  /** @returns why not, a sentence. */
  #noRoomFor({ account, order }: Shown): string | undefined {
    const [own, all] = order === 'report' ? mostReports : mostCaptures;
    const same = [...this.#shown].filter((one) => one.order === order);
    if (same.filter((one) => one.account === account).length >= own) {
      return `you have ${own} ${order}s under way, which is the most: end one, or wait for it`;
    }
    return same.length < all ? undefined : `${all} ${order}s are under way, the most for all users: try again later`;
  }

  #refuse(end: OwnedFd, message: string): void {
    const opened = Outlet.open(end, this.#watch, { drained: () => {}, closed: () => {} });
    if (opened.isErr()) return;
    // An empty pipe has room for a line
    opened.value.write(Buffer.from(encodeLine({ tell: 'refused', message })));
    opened.value[Symbol.dispose]();
  }

  #report(order: ReportOrder, tables: ReadonlyMap<number, Tables>, end: OwnedFd, shown: Shown): void {
    const texts = reportTexts(this.#sources(tables), order);
    let late: NodeJS.Timeout | undefined;
    const opened = Outlet.open(end, this.#watch, {
      drained: () => next(),
      closed: () => {
        clearTimeout(late);
        this.#shown.delete(shown);
      },
    });
    if (opened.isErr()) {
      this.#shown.delete(shown);
      return;
    }
    const outlet = opened.value;
    late = setTimeout(() => outlet[Symbol.dispose](), patience);
    // One text a turn, so that orders of the broker are not kept waiting
    const next = () => {
      if (!outlet.open) return;
      const { value, done } = texts.next();
      if (done === true) return outlet.end();
      outlet.write(Buffer.from(value));
      if (outlet.backlog === 0) setImmediate(next);
    };
    next();
  }

  #sources(tables: ReadonlyMap<number, Tables>): ReportSources {
    const { most: mostThreads, running: threads } = this.threads;
    const { ports: mostPorts, addresses } = this.options;
    const [mostAddresses, slabs] = [mostThreads * addresses, threads * slabBytes];
    const facts = { pid: process.pid, since: this.#since, mostPorts, mostAddresses, threads, mostThreads, slabs };
    return { facts, ports: [...this.ports], tables, clock: performance.now() / 1000 };
  }

  #capture(order: Extract<InspectOrder, { order: 'capture' }>, end: OwnedFd, shown: Shown): void {
    const there = [...this.ports].filter((port) => port.order.network === order.network);
    if (!there.some((port) => order.port === undefined || port.order.port === order.port)) {
      this.#shown.delete(shown);
      return this.#refuse(end, 'the port has just ended');
    }
    this.#ids += 1;
    const around = { watch: this.#watch, threads: this.threads, ports: this.ports, mostPorts: this.options.ports };
    const closed = (it: LiveCapture) => {
      this.#shown.delete(shown);
      this.#captures.delete(it);
      if (this.#captures.size === 0) clearInterval(this.#timer);
    };
    const capture = new LiveCapture(this.#ids, order, around, closed);
    if (this.#captures.size === 0) this.#timer = setInterval(() => this.#drain(), drainPause);
    this.#captures.add(capture);
    if (capture.start(end).isErr()) closed(capture);
  }

  #drain(): void {
    for (const capture of [...this.#captures]) capture.drain();
  }
}
