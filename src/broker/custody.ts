/**
 * What the keeper keeps of the switch's ports: the order and the descriptors of each. It is told of each that changes, as it
 * is when the keeper has room for the word, and of all when there is another keeper.
 */
import { performance } from 'node:perf_hooks';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { decodeOrder, encodeOrder, type PlugOrder } from '../protocol/switch-order.js';
import type { KeeperLink } from './keeper-link.js';
import type { Found } from './switch-link.js';

/** Milliseconds that a keeper has for its list: nobody is served meanwhile. */
const patience = 2000;
const sleep = new Int32Array(new SharedArrayBuffer(4));

interface Keepsake extends Found {
  /** It is not to be kept any more. */
  readonly leaving: boolean;
}

/** What there is to be kept, by port. */
export interface Keepsakes extends Iterable<Keepsake> {
  get(port: number): Keepsake | undefined;
}

export class Custody implements Disposable {
  #ports: Keepsakes | undefined;
  /** Ports of which the keeper is to be told. */
  readonly #changed = new Set<number>();

  constructor(private readonly link: Pick<KeeperLink, 'send' | 'read' | 'leave' | 'connected'>) {}

  follow(ports: Keepsakes): void {
    this.#ports = ports;
  }

  changed(port: number): void {
    this.#changed.add(port);
  }

  /** Whether the keeper is to be told of something. */
  get wanting(): boolean {
    return this.#changed.size > 0;
  }

  /** What the keeper has may be anything. */
  everything(): void {
    for (const { order } of this.#ports ?? []) this.#changed.add(order.port);
  }

  /** Tells of all that has changed, as far as the keeper has room. @returns whether that was all. */
  tell(): boolean {
    for (const number of this.#changed) {
      const port = this.#ports?.get(number);
      const sent =
        port === undefined || port.leaving
          ? this.link.send({ order: 'drop', port: number }, [])
          : this.link.send(
              { order: 'keep', port: number, guest: isGuest(port.order), bytes: bytesOf(port.order) },
              port.fds,
            );
      if (sent.isErr()) return false;
      this.#changed.delete(number);
    }
    return true;
  }

  /** What the keeper has; of what is not understood it is to let go. The descriptors are the caller's. */
  list(): Found[] {
    const found: Found[] = [];
    const deadline = performance.now() + patience;
    if (this.link.send({ order: 'list' }, []).isErr()) return [];
    while (this.link.connected && performance.now() < deadline) {
      const next = this.link.read();
      if (next === undefined) Atomics.wait(sleep, 0, 0, 1);
      else if (next.answer.answer === 'kept') this.#take(next.answer.bytes, next.fds, found);
      else return found;
    }
    // What it says later would be taken for something else
    this.link.leave();
    return found;
  }

  [Symbol.dispose](): void {
    this.#changed.clear();
    this.#ports = undefined;
  }

  #take(bytes: Uint8Array, fds: readonly OwnedFd[], found: Found[]): void {
    const decoded = decodeOrder(bytes);
    if (decoded.isOk() && decoded.value.order === 'plug') {
      const { order: _, ...order } = decoded.value;
      found.push({ order, fds });
      return;
    }
    for (const fd of fds) fd.close();
  }
}

/** Of one that a network has by itself alone there is nothing to be kept. */
function isGuest({ uplink, kind }: PlugOrder): boolean {
  return !uplink && kind !== 'host';
}

function bytesOf(order: PlugOrder): Uint8Array {
  return encodeOrder({ order: 'plug', ...order });
}
