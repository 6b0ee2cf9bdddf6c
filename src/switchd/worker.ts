/**
 * The thread that moves frames: nothing else happens in it. It waits in a system call, so what the other thread posts is
 * read when that wakes it.
 */
import { performance } from 'node:perf_hooks';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { macToBytes } from '../core/mac.js';
import { Poller, waker } from '../kernel/poller.js';
import { applyRealtime, type Realtime } from '../kernel/realtime.js';
import type { PlugOrder } from '../protocol/switch-order.js';
import type { DropCode } from '../switch/drop-reason.js';
import type { FdbMemory } from '../switch/fdb.js';
import type { PeerMemory } from '../switch/qdes/peer-memory.js';
import { Switch, type SwitchOptions } from '../switch/switch.js';
import type { CaptureTask } from './captures.js';
import { Loop } from './loop.js';
import { makePort } from './make-port.js';
import { QdesPort } from './qdes-port.js';
import { QdesSockets } from './qdes-socket.js';

/** How the thread runs. */
export interface Manner {
  readonly realtime: Realtime;
  /** Microseconds that it looks for more after the last frame, before it sleeps. */
  readonly busyPoll: number;
}

export interface Task extends Manner {
  readonly options: SwitchOptions;
  /** Processors that other threads are to run on: this one tells whether there are such. */
  readonly others: readonly (readonly number[])[];
  /** Whether the thread is to end: its first element is not 0. */
  readonly stop: Int32Array;
  /** Grows with each wait, and with each part of the work (Pulse). */
  readonly beats: Int32Array;
  /** Readable when there is something on `orders`, or `stop` was set; it belongs to the other thread. */
  readonly wake: number;
  readonly orders: MessagePort;
}

export type Order =
  /** The descriptors stay open until the port is told as gone. */
  | { readonly tag: 'plug'; readonly order: PlugOrder; readonly fds: readonly number[] }
  | { readonly tag: 'unplug'; readonly port: number }
  | { readonly tag: 'capture'; readonly task: CaptureTask }
  | { readonly tag: 'uncapture'; readonly id: number };

/** What the other thread may read while this one works. */
export interface SharedTables {
  readonly counters: SharedArrayBuffer;
  readonly fdb: FdbMemory;
  /** Seconds, by the clock of the thread. */
  readonly clock: number;
}

/** What the thread tells. */
export type Told =
  /** It carries frames, or would. */
  | ({ readonly tag: 'ready' } & SharedTables)
  /** It cannot run in the manner that it is to. */
  | { readonly tag: 'unfit'; readonly message: string }
  /** The other end has closed. It stays a port until it is unplugged. */
  | { readonly tag: 'ended'; readonly port: number }
  /** What is known of the port's far ends, as long as it is there. */
  | { readonly tag: 'peers'; readonly port: number; readonly memory: PeerMemory }
  /** A frame of the port, or for it, was dropped for that reason, the first of them. */
  | { readonly tag: 'noticed'; readonly port: number; readonly reason: DropCode }
  /** No port was made. */
  | { readonly tag: 'refused'; readonly port: number }
  /** The thread does not use the port's descriptors any more. */
  | { readonly tag: 'gone'; readonly port: number };

/** Not a port's number. */
const wakeId = 1 << 20;

function work({ options, realtime, others, busyPoll, stop, beats, wake, orders }: Task): void {
  const tell = (told: Told) => parentPort?.postMessage(told);
  for (const one of [...others.map((processors) => ({ processors, lockMemory: false })), realtime]) {
    const applied = applyRealtime(one);
    if (applied.isErr()) return tell({ tag: 'unfit', message: applied.error });
  }
  const poller = Poller.open(beats)._unsafeUnwrap();
  poller.add(wake, wakeId, false)._unsafeUnwrap();
  const it = new Switch(options);
  it.counters.notice = (port, reason) => tell({ tag: 'noticed', port, reason });
  const loop = new Loop(it, poller, { ended: (port) => tell({ tag: 'ended', port }) }, busyPoll / 1e6);
  const sockets = new QdesSockets<QdesPort>();
  const obey = (order: Order) => {
    if (order.tag === 'capture') return loop.captures.add(order.task);
    if (order.tag === 'uncapture') return loop.captures.remove(order.id);
    if (order.tag === 'unplug') {
      // Of one that was refused that was the last word
      if (loop.unplug(order.port)) tell({ tag: 'gone', port: order.port });
      return;
    }
    const { port, addresses, floodRate = Number.POSITIVE_INFINITY, ...rest } = order.order;
    const untagged = rest.vlan !== undefined;
    const settings = { ...rest, untagged, floodRate, addresses: addresses.map(macToBytes) };
    const io = makePort(order.order, order.fds, sockets, (memory) => tell({ tag: 'peers', port, memory }));
    if (!loop.plug(port, settings, io)) tell({ tag: 'refused', port });
    else if (io instanceof QdesPort) tell({ tag: 'peers', port, memory: io.peers.memory });
  };
  const read = () => {
    if (Atomics.load(stop, 0) !== 0) return;
    waker.drain(wake);
    for (let next = receiveMessageOnPort(orders); next !== undefined; next = receiveMessageOnPort(orders)) {
      obey(next.message);
    }
  };
  tell({ tag: 'ready', counters: it.counters.memory, fdb: it.fdb.memory, clock: performance.now() / 1000 });
  while (Atomics.load(stop, 0) === 0) loop.turn(read);
  poller[Symbol.dispose]();
}

work(workerData);
