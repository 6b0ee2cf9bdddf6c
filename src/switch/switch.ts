/** A learning switch for many networks: what becomes of a frame, without input or output. Nothing is allocated for a frame. */
import { randomFillSync } from 'node:crypto';
import { Counters } from './counters.js';
import { type DropCode, dropCode } from './drop-reason.js';
import { Fdb, none } from './fdb.js';
import { FloodLimit } from './flood-limit.js';
import { dropOf, Forwarder, floodAll, floodUnknown } from './forward.js';
import { headerLength, isTagged, sourceOffset } from './frame.js';
import { AddressHash } from './hash.js';
import { accepted, Learner } from './learn.js';
import { type PortOptions, PortTable, untaggedFlag } from './port-table.js';

export interface SwitchOptions {
  /** Ports at once; they are numbered from 0. */
  readonly ports: number;
  /** Addresses known at once, of all networks. */
  readonly addresses: number;
  /** Seconds after which an address that was not seen is forgotten. */
  readonly ageing: number;
}

export interface SwitchPort extends PortOptions {
  /** Bytes of the longest frame, with its header and tags. */
  readonly maxFrame: number;
  /** Frames a second that go to all; Infinity: no limit. */
  readonly floodRate: number;
  /** Addresses that are this port's alone, each six bytes. */
  readonly addresses: readonly Uint8Array[];
}

/** No peer in particular: a frame that an uplink with many far ends sends to all of them. */
export const everyPeer = -1;

/** Where frames lie, several in a row. */
export interface Frames {
  bytesOf(slot: number): Uint8Array;
  readonly start: Int32Array;
}

/** Of so many addresses all are in the processor's nearest cache. */
const cached = 500;

export class Switch {
  readonly ports: PortTable;
  readonly fdb: Fdb;
  readonly counters: Counters;
  /** Where the frame of the last pass() goes, in the first places. */
  readonly egress: Int32Array;
  /** Which far end of an uplink it goes to, or everyPeer. */
  peer = everyPeer;
  /** Any number: what foresee() has read and nothing kept, the compiler would not let it read. */
  foreseen = 0;
  readonly #learner: Learner;
  readonly #forwarder: Forwarder;
  readonly #floods: FloodLimit;
  readonly #maxFrames: Int32Array;
  #swept = 0;

  constructor({ ports, addresses, ageing }: SwitchOptions) {
    this.ports = new PortTable(ports);
    this.fdb = new Fdb(addresses, new AddressHash(randomFillSync));
    this.counters = new Counters(ports);
    this.egress = new Int32Array(ports);
    this.#learner = new Learner(this.fdb, this.ports, this.counters, ageing);
    this.#forwarder = new Forwarder(this.fdb, this.ports, ageing);
    this.#floods = new FloodLimit(ports);
    this.#maxFrames = new Int32Array(ports);
  }

  /**
   * @param port a number that is not in use.
   * @param now seconds of a clock that does not go back, here and in pass() and sweep().
   * @returns false when one of its addresses is another port's, or there is no room for it: then there is no port.
   */
  add(port: number, options: SwitchPort, now: number): boolean {
    this.ports.add(port, options);
    this.counters.reset(port);
    this.#floods.set(port, options.floodRate, now);
    this.#maxFrames[port] = options.maxFrame;
    if (options.addresses.every((address) => this.#learner.fix(port, address, now))) return true;
    this.remove(port);
    return false;
  }

  /** Forgets the port and all that is behind it. */
  remove(port: number): void {
    this.#learner.forget(port);
    this.ports.remove(port);
  }

  /**
   * Reads what pass() will ask for: the processor fetches what is not in its cache for many frames at once, where pass()
   * would wait for each. It changes nothing, and frames need not be valid.
   *
   * @param first,count slots of `frames`, of a port's; the bytes of each begin at its start.
   */
  foresee(ingress: number, frames: Frames, first: number, count: number): void {
    const { fdb } = this;
    if (fdb.size < cached || count === 1) return;
    const network = this.ports.networkOf(ingress);
    let read = 0;
    for (let slot = first; slot < first + count; slot += 1) {
      const [bytes, at] = [frames.bytesOf(slot), frames.start[slot] as number];
      read ^= fdb.foresee(network, bytes, at) ^ fdb.foresee(network, bytes, at + sourceOffset);
    }
    this.foreseen = read;
  }

  /**
   * Takes a frame from a port.
   *
   * @param peer which far end of an uplink sent it; 0 where there is one.
   * @param bytes hold it from `at` on; they are not changed.
   * @param frames how many it becomes where it is finished: a flood is so many.
   * @returns how many ports it goes to, which `egress` holds then; a frame to none is counted with its reason.
   */
  pass(ingress: number, peer: number, bytes: Uint8Array, at: number, length: number, now: number, frames = 1): number {
    const { counters } = this;
    counters.received(ingress, length);
    if (length < headerLength) return this.#drop(ingress, dropCode['too-short']);
    if (length > (this.#maxFrames[ingress] as number)) return this.#drop(ingress, dropCode['too-long']);
    if ((this.ports.flagsOf(ingress) & untaggedFlag) !== 0 && isTagged(bytes, at)) {
      return this.#drop(ingress, dropCode.vlan);
    }
    const source = this.#learner.learn(ingress, peer, bytes, at, now);
    if (source !== accepted) return this.#drop(ingress, source);
    const verdict = this.#forwarder.forward(ingress, bytes, at, now);
    if (verdict > none) {
      this.egress[0] = this.fdb.portOf(verdict);
      this.peer = this.fdb.peerOf(verdict);
      return 1;
    }
    if (verdict < floodUnknown) return this.#drop(ingress, dropOf(verdict));
    if (!this.#floods.take(ingress, now, frames)) return this.#drop(ingress, dropCode['flood-limit']);
    counters.flooded(ingress);
    this.peer = everyPeer;
    return this.#forwarder.flood(ingress, verdict !== floodAll, this.egress);
  }

  /** Counts a frame that came, and that is dropped without being looked at. */
  refuse(ingress: number, length: number, reason: DropCode): void {
    this.counters.received(ingress, length);
    this.counters.dropped(ingress, reason);
  }

  /**
   * Forgets addresses that have aged, looking at a part of the table; calls in turn look at all of it.
   *
   * @param slots how many places to look at.
   */
  sweep(slots: number, now: number): void {
    this.#learner.sweep(this.#swept, slots, now);
    this.#swept = (this.#swept + slots) % this.fdb.slots;
  }

  #drop(ingress: number, reason: number): number {
    this.counters.dropped(ingress, reason);
    return 0;
  }
}
