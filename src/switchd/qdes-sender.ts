/** What goes out by an uplink of QDES: headers, seals, and a datagram for each host that is to have it. */
import { randomFillSync } from 'node:crypto';
import type { QdesLine } from '../core/qdes-line.js';
import { FrameIo, frameBatch } from '../kernel/frame-io.js';
import { headerSize, sealedFlag, writeHeader } from '../switch/qdes/header.js';
import { groupPlace } from '../switch/qdes/peer-memory.js';
import type { PeerTable } from '../switch/qdes/peer-table.js';
import { writeVxlan } from '../switch/qdes/vxlan.js';
import { type Seal, sealSize } from './qdes-seal.js';

/** All senders of a thread take turns: what one has put is sent before another begins. */
const slots = new Int32Array(frameBatch);
const places = new Int32Array(frameBatch);

/** Bytes of the longest frame: of the usual ones, and of any. */
const rooms = [2048, 66_000] as const;
const sealedFrames = new Map<number, FrameIo>();

/** Where sealed messages lie: other ports get the same frames as they are. */
function framesFor(maxFrame: number): FrameIo {
  const room = maxFrame <= rooms[0] ? rooms[0] : rooms[1];
  const found = sealedFrames.get(room) ?? new FrameIo([{ slots: frameBatch, room }]);
  sealedFrames.set(room, found);
  return found;
}

/** More than any datagram has. */
const longestTrain = 0xffff;

export class QdesSender {
  /** What became of datagrams since begin(). */
  readonly totals = { sent: 0, failed: 0, large: 0, full: 0 };
  /** Who we are. */
  readonly #instance = randomFillSync(new Int32Array(1));
  readonly #sealed: FrameIo | undefined;
  /** Bytes of the longest datagrams that the kernel is to take several at once of. */
  #train = longestTrain;
  #count = 0;
  #io: FrameIo | undefined;
  #slot = 0;

  /** @param peers those that are named, at the first places, and the group's address. */
  constructor(
    private readonly fd: number,
    private readonly line: QdesLine,
    private readonly peers: Pick<PeerTable, 'addresses'>,
    private readonly seal: Seal | undefined,
    maxFrame: number,
  ) {
    this.#sealed = seal === undefined ? undefined : framesFor(maxFrame);
  }

  get instance(): number {
    return this.#instance[0] as number;
  }

  /** Another switch has the same number. */
  rename(): void {
    randomFillSync(this.#instance);
  }

  /** Of what was refused the kernel is asked anew: the way may have become another. */
  tryTrains(): void {
    this.#train = longestTrain;
  }

  begin(): void {
    this.#count = 0;
    this.totals.sent = 0;
    this.totals.failed = 0;
    this.totals.large = 0;
    this.totals.full = 0;
  }

  /** Makes a datagram of what lies in a slot. @param nth one since begin(), below frameBatch. */
  put(io: FrameIo, slot: number, type: number, nth: number): void {
    const [bytes, start] = [io.bytesOf(slot), io.start[slot] as number];
    const { seal } = this;
    const sealed = this.#sealed;
    this.#io = sealed ?? io;
    this.#slot = sealed === undefined ? slot : nth;
    if (this.line.encapsulation === 'vxlan') writeVxlan(bytes, start - headerSize, this.line.id);
    else if (sealed === undefined || seal === undefined) {
      writeHeader(bytes, start - headerSize, type, this.line.id, this.instance);
    } else {
      const length = io.length[slot] as number;
      const [out, at] = [sealed.bytesOf(nth), (sealed.start[nth] as number) - headerSize - sealSize];
      writeHeader(out, at, type, this.line.id, this.instance, sealedFlag);
      seal.seal(bytes.subarray(start, start + length), out, at);
      sealed.length[nth] = length;
    }
  }

  /** The datagram that was put last, to the peer at this place. */
  to(place: number, addresses = this.peers.addresses): void {
    slots[this.#count] = this.#slot;
    places[this.#count] = place;
    this.#count += 1;
    if (this.#count === frameBatch) this.flush(addresses);
  }

  toAll(): void {
    if (this.line.group !== undefined) this.to(groupPlace);
    for (let nth = 1; nth <= this.line.peers.length; nth += 1) this.to(groupPlace + nth);
  }

  flush(addresses = this.peers.addresses): void {
    if (this.#count === 0 || this.#io === undefined) return;
    const prefix = this.seal === undefined ? headerSize : headerSize + sealSize;
    const sent = this.#io.sendTrains(this.fd, slots, this.#count, prefix, places, addresses, this.#train);
    if (this.#io.refusedTrains > 0) this.#train = this.#io.refusedTrains - 1;
    this.totals.sent += sent.sent;
    this.totals.failed += sent.failed;
    this.totals.large += sent.large;
    this.totals.full += sent.full;
    this.#count = 0;
  }
}
