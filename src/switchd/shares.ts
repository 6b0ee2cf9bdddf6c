/**
 * How many frames a port has received in one go. A long one may become more than a thousand where it goes to somebody who
 * takes none such, and all others' frames wait meanwhile: who sends such gets few at once for a while.
 */
import { frameBatch } from '../kernel/frame-io.js';

/** Segments of one go: of frames of 64 KB with the usual 1,448 bytes each a whole batch makes fewer. */
const most = 4096;
/** Frames in one go of who has made more, and for how many seconds from then on. */
const [few, penalty] = [4, 60];

export class Shares {
  /** By port: until when it gets few. Nobody is in it, mostly. */
  readonly #heavy = new Map<number, number>();
  #made = 0;

  /** A go begins. @param now seconds. @returns how many frames at most. */
  begin(port: number, now: number): number {
    this.#made = 0;
    if (this.#heavy.size === 0) return frameBatch;
    const until = this.#heavy.get(port);
    if (until === undefined) return frameBatch;
    if (until > now) return few;
    this.#heavy.delete(port);
    return frameBatch;
  }

  /** A frame has become so many. @returns how many. */
  made(segments: number): number {
    this.#made += segments;
    return segments;
  }

  /** All that came in this go has been seen to. */
  end(port: number, now: number): void {
    if (this.#made > most) this.#heavy.set(port, now + penalty);
  }

  /** The next port of that number is another. */
  forget(port: number): void {
    this.#heavy.delete(port);
  }
}
