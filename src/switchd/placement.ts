/**
 * Which thread carries a port. All ports of a network have the same one, and so have networks whose uplinks share a
 * socket, or may come to share one, since what comes by that is received once. So threads share nothing.
 */
import type { PlugOrder } from '../protocol/switch-order.js';

/** What must stay together: a network by its number, several by what they have in common. */
type Bond = number | string;

/** What counts of a port. */
type Placed = Pick<PlugOrder, 'network' | 'bond' | 'line'>;

interface Place {
  readonly thread: number;
  /** How many there are that it holds together. */
  ports: number;
}

export class Placement {
  /** Ports by thread. */
  readonly #loads: number[];
  readonly #places = new Map<Bond, Place>();

  /** @param threads how many there can be: they are numbered from 0. */
  constructor(threads: number) {
    this.#loads = new Array(threads).fill(0);
  }

  /**
   * Finds a thread for a port: where those are that it belongs to, or else the one with the fewest ports, of several the
   * first.
   *
   * @returns undefined: its network is with one thread and those that it is to be with are with another.
   */
  add(order: Placed): number | undefined {
    const bonds = bondsOf(order);
    const threads = new Set(bonds.flatMap((bond) => this.#places.get(bond)?.thread ?? []));
    if (threads.size > 1) return undefined;
    const [thread = this.#loads.indexOf(Math.min(...this.#loads))] = threads;
    for (const bond of bonds) {
      const place = this.#places.get(bond);
      if (place === undefined) this.#places.set(bond, { thread, ports: 1 });
      else place.ports += 1;
    }
    (this.#loads[thread] as number) += 1;
    return thread;
  }

  /** A port that add() has placed is no more. */
  remove(order: Placed, thread: number): void {
    for (const bond of bondsOf(order)) {
      const place = this.#places.get(bond);
      if (place !== undefined) place.ports -= 1;
      if (place?.ports === 0) this.#places.delete(bond);
    }
    (this.#loads[thread] as number) -= 1;
  }

  /** Nothing is to be placed on this thread any more. */
  close(thread: number): void {
    this.#loads[thread] = Number.POSITIVE_INFINITY;
  }
}

function bondsOf({ network, bond, line }: Placed): Bond[] {
  // Two names of an interface lead to one socket
  return [network, ...(bond === undefined ? [] : [bond]), ...(line === undefined ? [] : [`socket ${line.socket}`])];
}
