/**
 * Finishes frames that their sender left to others: completes checksums in place, and cuts long frames into segments, which
 * lie in a region of their own until all are sent. For ports that take frames only as they go on the wire.
 */
import { type FrameIo, headroom } from '../kernel/frame-io.js';
import { isFinished, longestFrame, segmentsOf, wantsChecksum, wantsSegments } from '../switch/offload/check.js';
import { completeChecksum } from '../switch/offload/checksum.js';
import { completeSctp, isSctp } from '../switch/offload/sctp.js';
import { SegmentSlots, segment } from '../switch/offload/segment.js';

const cacheLine = 64;

export class Finisher {
  /** The slot of the first frame that finish() made; the others follow. */
  first: number;
  readonly #into: SegmentSlots;
  #next: number;
  #at = 0;

  /**
   * @param begin the first slot of a class that is for nothing else.
   * @param slots how many it has: segments at once. They may lie anywhere in the region of that class.
   */
  constructor(
    private readonly io: FrameIo,
    private readonly begin: number,
    private readonly slots: number,
  ) {
    this.first = begin;
    this.#next = begin;
    this.#into = new SegmentSlots(io.bytesOf(begin), 0, 0, slots);
  }

  /** Every segment has been sent. */
  clear(): void {
    this.#next = this.begin;
    this.#at = 0;
  }

  /** How many frames finish() makes of it. */
  framesOf(slot: number): number {
    return this.io.unfinished[slot] === wantsSegments ? this.#segmentsOf(slot) : 1;
  }

  /** Whether there is room now for what the frame becomes; after clear() there is for all that can be finished. */
  hasRoom(slot: number): boolean {
    if (this.io.unfinished[slot] === wantsChecksum) return true;
    const count = this.#segmentsOf(slot);
    const free = this.begin + this.slots - this.#next;
    return count <= free && this.#at + count * this.#strideFor(slot) <= this.#into.bytes.length;
  }

  /**
   * Finishes a frame whose header is at frontOf().
   *
   * @returns how many frames it is now, in the slots from `first` on; 0: it cannot be finished.
   */
  finish(slot: number): number {
    const { io } = this;
    const bytes = io.bytesOf(slot);
    const [front, at, length] = [io.frontOf(slot), io.start[slot] as number, io.length[slot] as number];
    if (io.unfinished[slot] === wantsChecksum) {
      if (isSctp(bytes, front, at, length)) completeSctp(bytes, front, at, length);
      else completeChecksum(bytes, front, at, length);
      io.unfinished[slot] = isFinished;
      this.first = slot;
      return 1;
    }
    if (!this.hasRoom(slot)) return 0;
    const into = this.#into;
    into.stride = this.#strideFor(slot);
    into.at = this.#at + headroom;
    const count = segment(bytes, front, at, length, into);
    this.first = this.#next;
    for (let i = 0; i < count; i += 1) {
      io.start[this.#next + i] = into.at + i * into.stride;
      io.length[this.#next + i] = into.lengths[i] as number;
    }
    this.#next += count;
    this.#at += count * into.stride;
    return count;
  }

  #segmentsOf(slot: number): number {
    const { io } = this;
    return segmentsOf(io.bytesOf(slot), io.frontOf(slot), io.start[slot] as number, io.length[slot] as number);
  }

  /** Bytes from one segment to the next, with headroom. */
  #strideFor(slot: number): number {
    const { io } = this;
    const [at, length] = [io.start[slot] as number, io.length[slot] as number];
    const longest = longestFrame(io.bytesOf(slot), io.frontOf(slot), at, length);
    return Math.ceil((headroom + longest) / cacheLine) * cacheLine;
  }
}
