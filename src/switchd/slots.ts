/** Where frames lie in the switch: slots for small ones, for large ones, and for the segments that large ones become. */
import { FrameIo, frameBatch, regionBytes } from '../kernel/frame-io.js';

/**
 * Batches that are received before any is sent. More make batches larger for those that frames go to; but the frames must
 * stay in the processor's cache until they are sent: with four a frame of 1500 bytes, one of eight flows, costs 4 % more.
 */
const batches = 2;
const smallRoom = 2048;
const smallSlots = batches * frameBatch;
const largeRoom = 66_000;
const largeSlots = batches * frameBatch;
/** As many as 64 KB of TCP with the smallest segments become. */
const segmentSlots = 1408;

const classes = [
  { slots: smallSlots, room: smallRoom },
  { slots: largeSlots, room: largeRoom },
  { slots: segmentSlots, room: smallRoom },
] as const;

/** What they take: each thread that moves frames has its own. */
export const slabBytes = classes.reduce((sum, one) => sum + regionBytes(one), 0);

export class Slots {
  readonly io = new FrameIo(classes);
  readonly firstSegment = smallSlots + largeSlots;
  readonly segments = segmentSlots;
  #nextSmall = 0;
  #nextLarge = smallSlots;

  /**
   * @param bytes of the longest frame that may come.
   * @returns the first of as many slots as one call may fill; -1: there are not as many until clear().
   */
  place(bytes: number): number {
    const [next, end] = bytes > smallRoom ? [this.#nextLarge, smallSlots + largeSlots] : [this.#nextSmall, smallSlots];
    return next + frameBatch > end ? -1 : next;
  }

  /** So many slots from place() on are in use. */
  take(first: number, count: number): void {
    if (first >= smallSlots) this.#nextLarge += count;
    else this.#nextSmall += count;
  }

  /** None is in use. */
  clear(): void {
    this.#nextSmall = 0;
    this.#nextLarge = smallSlots;
  }
}
