/** The frames that somebody captures, as the thread that moves them sees it: copies of them go into a ring for each. */
import { performance } from 'node:perf_hooks';
import type { FrameIo } from '../kernel/frame-io.js';
import type { PortTable } from '../switch/port-table.js';
import { type RingMemory, RingWriter } from './capture-ring.js';

/** A capture of one network, or of one port. */
export interface CaptureTask {
  readonly id: number;
  readonly network: number;
  /** undefined: every port of it. */
  readonly port: number | undefined;
  readonly ring: RingMemory;
}

interface Running {
  readonly task: CaptureTask;
  readonly ring: RingWriter;
}

export class Captures {
  #running: readonly Running[] = [];
  /** Whether there are any: what the loop looks at for each frame. */
  any = false;

  constructor(private readonly ports: PortTable) {}

  add(task: CaptureTask): void {
    this.#set([...this.#running, { task, ring: new RingWriter(task.ring) }]);
  }

  remove(id: number): void {
    this.#set(this.#running.filter(({ task }) => task.id !== id));
  }

  /**
   * Takes a frame that came in, whatever becomes of it.
   *
   * @param most bytes of a frame that has not been cut off.
   * @param egress has the ports that it goes to, in the first `count` places.
   */
  take(ingress: number, frames: FrameIo, slot: number, most: number, egress: Int32Array, count: number): void {
    const [bytes, at, length] = [frames.bytesOf(slot), frames.start[slot] as number, frames.length[slot] as number];
    // A socket that has hung up gives frames of no length
    if (length <= 0 || length > most) return;
    const network = this.ports.networkOf(ingress);
    for (const { task, ring } of this.#running) {
      if (task.network !== network) continue;
      const { port } = task;
      if (port === undefined || port === ingress) ring.write(ingress, false, now(), bytes, at, length);
      else if (isAmong(egress, count, port)) ring.write(port, true, now(), bytes, at, length);
    }
  }

  #set(running: readonly Running[]): void {
    this.#running = running;
    this.any = running.length > 0;
  }
}

function isAmong(ports: Int32Array, count: number, port: number): boolean {
  for (let i = 0; i < count; i += 1) if (ports[i] === port) return true;
  return false;
}

const began = Date.now() - performance.now();

/** Microseconds since 1970, of a clock that does not go back. */
function now(): number {
  return (began + performance.now()) * 1000;
}
