/** How frames come in and go out by a port, whatever its descriptor is. */
import type { FrameIo } from '../kernel/frame-io.js';

/** In place of a peer: the frame was dropped, and counted. */
export const refused = -1;

export interface PortIo {
  readonly fd: number;
  /** Bytes of the longest frame that comes, or goes, by it. */
  readonly maxFrame: number;
  /** Whether what waits is told once only, so that receive() must be called until it gives less than asked for. */
  readonly edge: boolean;
  /** Receives into slots from `first` on. @returns how many, or -errno. */
  receive(io: FrameIo, first: number, count: number): number;
  /**
   * Looks at what came, and takes off what is not the frame.
   *
   * @returns which far end sent it; 0 where there is one; refused.
   */
  accept(io: FrameIo, slot: number): number;
  /** Sends; what became of it is in `io.sent`. */
  send(io: FrameIo, slots: Int32Array, peers: Int32Array, count: number): void;
}
