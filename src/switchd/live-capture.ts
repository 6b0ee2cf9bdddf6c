/** A capture under way: what the thread that moves frames does for it, its bounds in time, and its end. */
import { performance } from 'node:perf_hooks';
import type { Result } from 'neverthrow';
import { parsePortLabel } from '../core/port-label.js';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { Watch } from '../kernel/watch.js';
import type { CaptureOrder } from '../protocol/inspect-order.js';
import { Capture, type PortName } from './capture.js';
import { makeRing, RingReader } from './capture-ring.js';
import { Outlet } from './outlet.js';
import type { Ports } from './ports.js';
import type { Threads } from './threads.js';

/** Milliseconds that the reader has at the end for what is left. */
const patience = 10_000;

export interface CaptureSurroundings {
  readonly watch: Watch;
  readonly threads: Pick<Threads, 'post'>;
  readonly ports: Ports;
  /** How many ports there can be. */
  readonly mostPorts: number;
}

export class LiveCapture implements Disposable {
  #outlet: Outlet | undefined;
  #capture: Capture | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The thread that has it, since it has the network; undefined: none. */
  #thread: number | undefined;

  /**
   * @param id of this capture alone.
   * @param closed called once when it has ended, unless start() fails.
   */
  constructor(
    private readonly id: number,
    readonly order: CaptureOrder,
    private readonly around: CaptureSurroundings,
    private readonly closed: (it: LiveCapture) => void,
  ) {}

  /** @param end of the pipe; it belongs to the capture. */
  start(end: OwnedFd): Result<void, SysError> {
    const { watch, ports } = this.around;
    return Outlet.open(end, watch, { drained: () => this.drain(), closed: () => this.#closed() }).map((outlet) => {
      this.#outlet = outlet;
      const ring = makeRing(this.around.mostPorts);
      const nameOf = (port: number) => portName(ports, port);
      this.#capture = new Capture(this.order, new RingReader(ring), outlet, nameOf, () => performance.now());
      const { network, port, seconds } = this.order;
      const there = [...ports].filter(({ order }) => order.network === network);
      for (const { order } of there) if (port === undefined || order.port === port) this.#capture.announce(order.port);
      if (!outlet.open || there[0] === undefined) return;
      this.#thread = there[0].thread;
      this.around.threads.post(this.#thread, { tag: 'capture', task: { id: this.id, network, ring, port } });
      this.#timer = setTimeout(() => this.stop(), seconds * 1000);
    });
  }

  /** Gives what was captured to the reader. */
  drain(): void {
    this.#capture?.drain();
    if (this.#capture?.ending === true) this.stop();
  }

  /** No frame more; what there is is still given to the reader. */
  stop(): void {
    if (this.#thread === undefined) return;
    this.#leave();
    this.#timer = setTimeout(() => this[Symbol.dispose](), patience);
    this.#capture?.finish();
  }

  /** Ends it now. */
  [Symbol.dispose](): void {
    this.#outlet?.[Symbol.dispose]();
  }

  #closed(): void {
    this.#leave();
    clearTimeout(this.#timer);
    this.closed(this);
  }

  #leave(): void {
    clearTimeout(this.#timer);
    if (this.#thread !== undefined) this.around.threads.post(this.#thread, { tag: 'uncapture', id: this.id });
    this.#thread = undefined;
  }
}

function portName(ports: Ports, port: number): PortName | undefined {
  const label = parsePortLabel(ports.labelOf(port) ?? '');
  if (label === undefined) return undefined;
  const { network, guest, own } = label;
  if (guest === undefined) return { name: own?.role ?? '', description: `${own?.role} of network ${network}` };
  const { id, uid, mac } = guest.grant;
  return { name: id, description: `port of uid ${uid}, ${mac}, on network ${network}` };
}
