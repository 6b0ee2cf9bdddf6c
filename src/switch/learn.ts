/** Learning: an address is behind the port that it sends from (IEEE 802.1Q 8.7). */
import type { Counters } from './counters.js';
import { type DropCode, dropCode } from './drop-reason.js';
import { type Fdb, none } from './fdb.js';
import { isStationAddress, sourceOffset } from './frame.js';
import { lockedFlag, type PortTable } from './port-table.js';

/** In place of a drop code: the frame may pass. */
export const accepted = -1;

export class Learner {
  /** How many addresses are fixed to each port. */
  readonly #fixed: Int32Array;

  /** @param ageing seconds after which an address that was not seen is nobody's. */
  constructor(
    private readonly fdb: Fdb,
    private readonly ports: PortTable,
    private readonly counters: Counters,
    private readonly ageing: number,
  ) {
    this.#fixed = new Int32Array(ports.capacity);
  }

  /**
   * Takes note of where a frame came from.
   *
   * @param peer which of an uplink's far ends sent it; 0 where there is one.
   * @param now seconds of a clock that does not go back.
   * @returns why the frame must be dropped, or accepted, whether or not there was room for its address.
   */
  learn(ingress: number, peer: number, bytes: Uint8Array, at: number, now: number): DropCode {
    const { fdb, ports } = this;
    const source = at + sourceOffset;
    if (!isStationAddress(bytes, source)) return dropCode['bad-source'];
    const network = ports.networkOf(ingress);
    const slot = fdb.find(network, bytes, source);
    if (slot !== none && fdb.isPermanent(slot)) {
      return fdb.portOf(slot) === ingress ? accepted : dropCode.spoofed;
    }
    if ((ports.flagsOf(ingress) & lockedFlag) !== 0) return dropCode.locked;
    if (slot !== none && fdb.portOf(slot) === ingress) {
      fdb.move(slot, ingress, peer, now);
    } else if ((slot === none && fdb.full) || !ports.countAddress(ingress)) {
      this.counters.notLearned(ingress);
    } else if (slot === none) {
      fdb.add(network, bytes, source, ingress, peer, now);
    } else {
      ports.forgetAddress(fdb.portOf(slot));
      if (now - fdb.seenAt(slot) <= this.ageing) this.counters.moved(ingress);
      fdb.move(slot, ingress, peer, now);
    }
    return accepted;
  }

  /**
   * Makes an address the port's for ever: it neither ages nor moves, and no other port may send from it.
   *
   * @returns false when another port has it for ever, or there is no room.
   */
  fix(port: number, address: Uint8Array, now: number): boolean {
    const { fdb, ports } = this;
    const network = ports.networkOf(port);
    const slot = fdb.find(network, address, 0);
    if (slot === none) {
      // Nobody is kept off by what others have sent: beside what is learned there is room for what is fixed
      if (fdb.crowded) return false;
      fdb.fix(fdb.add(network, address, 0, port, 0, now));
      (this.#fixed[port] as number) += 1;
      return true;
    }
    if (fdb.isPermanent(slot)) return fdb.portOf(slot) === port;
    ports.forgetAddress(fdb.portOf(slot));
    fdb.move(slot, port, 0, now);
    fdb.fix(slot);
    (this.#fixed[port] as number) += 1;
    return true;
  }

  /** Forgets all that is behind a port. It looks no further than that is: ports that nobody used come and go at no cost. */
  forget(port: number): void {
    let left = this.ports.addressesOf(port) + (this.#fixed[port] as number);
    for (let slot = 0; left > 0 && slot < this.fdb.slots; slot += 1) {
      for (; this.fdb.portOf(slot) === port; left -= 1) this.#remove(slot);
    }
    this.#fixed[port] = 0;
  }

  /**
   * Forgets what has aged, in a part of the table.
   *
   * @param from,count slots; beyond the end it goes on at the start.
   */
  sweep(from: number, count: number, now: number): void {
    const { fdb } = this;
    for (let i = 0; i < count; i += 1) {
      const slot = (from + i) % fdb.slots;
      while (this.#aged(slot, now)) this.#remove(slot);
    }
  }

  #aged(slot: number, now: number): boolean {
    const { fdb } = this;
    return fdb.portOf(slot) !== none && !fdb.isPermanent(slot) && now - fdb.seenAt(slot) > this.ageing;
  }

  #remove(slot: number): void {
    if (!this.fdb.isPermanent(slot)) this.ports.forgetAddress(this.fdb.portOf(slot));
    this.fdb.remove(slot);
  }
}
