/** How frames come in and go out by a port, whatever its descriptor is. */
import type { FrameIo } from '../kernel/frame-io.js';
import type { DropCode } from '../switch/drop-reason.js';

/** In place of a peer: the frame is none of ours. */
export const refused = -1;
const firstReason = -2;

/** In place of a peer: the frame is dropped, for this reason. */
export function refusedFor(reason: DropCode): number {
  return firstReason - reason;
}

/** Why; below zero: for none. */
export function reasonOf(refusal: number): DropCode {
  return firstReason - refusal;
}

export interface PortIo {
  readonly fd: number;
  /** Bytes of the longest frame that comes, or goes, by it. */
  readonly maxFrame: number;
  /** Whether what waits is told once only, so that receive() must be called until it gives less than asked for. */
  readonly edge: boolean;
  /** Whether it takes frames that are not finished, as FrameIo.unfinished says; others get them completed and segmented. */
  readonly offloads: boolean;
  /** Frames that had no room before they could be received; whoever counts them sets it to 0. Left out: it cannot be told. */
  lost?: number;
  /** Receives into slots from `first` on. @returns how many, or -errno. */
  receive(io: FrameIo, first: number, count: number): number;
  /**
   * Looks at what came, and takes off what is not the frame.
   *
   * @returns which far end sent it; 0 where there is one; refused, or what refusedFor() gives.
   */
  accept(io: FrameIo, slot: number): number;
  /** Sends; what became of it is in `io.sent`. @param peers for each frame whose address it is, or everyPeer. */
  send(io: FrameIo, slots: Int32Array, peers: Int32Array, count: number): void;
  /** Of ports that share a descriptor: the port that accept() says its last word of. Left out: itself. */
  readonly ingress?: number;
  /** Bytes of the longest frame that any of these gets. */
  readonly room?: number;
  /** Called once, when it is port number `port`. @returns whether its descriptor is to be waited for; left out: yes. */
  join?(port: number): 'waits' | 'shares' | 'refused';
  /**
   * Called once, before it is none any more.
   *
   * @param slot it may use for what it sends.
   * @returns the port whose descriptor is to be waited for instead; undefined: none.
   */
  leave?(io: FrameIo, slot: number): number | undefined;
  /** Called when it has become a port, and every few seconds. @param now seconds. */
  tick?(io: FrameIo, slot: number, now: number): void;
}
