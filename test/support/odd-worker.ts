/**
 * In place of a thread that moves frames: one that cannot run where processor 1 is among its own, and else ends its ports
 * as they come. An order to end a capture tells it what to become.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Counters } from '../../src/switch/counters.js';
import { Fdb } from '../../src/switch/fdb.js';
import { AddressHash } from '../../src/switch/hash.js';
import type { Order, Task, Told } from '../../src/switchd/worker.js';

/** Ids of captures. */
export const oddly = { hang: 1, throw: 2, leave: 3 } as const;
/** Milliseconds for which it hangs: nothing else would end it. */
const hanging = 2000;

const tell = (told: Told) => parentPort?.postMessage(told);

function obey(order: Order): void {
  if (order.tag === 'plug') tell({ tag: 'ended', port: order.order.port });
  if (order.tag === 'unplug') tell({ tag: 'gone', port: order.port });
  if (order.tag !== 'uncapture') return;
  if (order.id === oddly.hang) {
    tell({ tag: 'ended', port: 4000 });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, hanging);
  }
  if (order.id === oddly.throw) throw new Error('odd');
  if (order.id === oddly.leave) process.exit(0);
}

async function work({ options, orders, realtime, stop, beats }: Task): Promise<void> {
  if (realtime.processors?.includes(1) === true) return tell({ tag: 'unfit', message: 'not on processor 1' });
  const fdb = new Fdb(options.addresses, new AddressHash(() => {}));
  tell({ tag: 'ready', counters: new Counters(options.ports).memory, fdb: fdb.memory, clock: 0 });
  while (Atomics.load(stop, 0) === 0) {
    for (let next = receiveMessageOnPort(orders); next !== undefined; next = receiveMessageOnPort(orders)) {
      obey(next.message);
    }
    Atomics.add(beats, 0, 1);
    await delay(1);
    Atomics.add(beats, 0, 1);
  }
}

if (!isMainThread) await work(workerData);
