/** What each port has carried and dropped since it was added. Shared memory: the loop counts, others read. */
import { type DropCode, type DropReason, dropReasons, noticed } from './drop-reason.js';

const traffic = ['rxFrames', 'rxBytes', 'txFrames', 'txBytes', 'floods', 'notLearned', 'moves'] as const;
type Traffic = (typeof traffic)[number];

const stride = traffic.length + dropReasons.length;

/** rx is from the port into the switch, tx out of the switch to the port. Bytes are those of frames, without prefixes. */
export type PortCounts = Readonly<Record<Traffic, number>> & { readonly drops: Readonly<Record<DropReason, number>> };

export class Counters {
  /** Whole numbers; exact up to 2^53. */
  readonly #counts: Float64Array;
  /** Told of the first frame of a port that is dropped for one of the reasons in `noticed`. */
  notice: (port: number, reason: DropCode) => void = () => {};

  /**
   * @param ports how many there can be.
   * @param memory another's of as many ports, to read what that counts.
   */
  constructor(
    ports: number,
    readonly memory = new SharedArrayBuffer(ports * stride * Float64Array.BYTES_PER_ELEMENT),
  ) {
    this.#counts = new Float64Array(memory);
  }

  received(port: number, bytes: number): void {
    const at = port * stride;
    (this.#counts[at] as number) += 1;
    (this.#counts[at + 1] as number) += bytes;
  }

  sent(port: number, frames: number, bytes: number): void {
    const at = port * stride + 2;
    (this.#counts[at] as number) += frames;
    (this.#counts[at + 1] as number) += bytes;
  }

  flooded(port: number): void {
    (this.#counts[port * stride + 4] as number) += 1;
  }

  /** An address was not taken in, since the port has as many as it may, or the table is full. */
  notLearned(port: number): void {
    (this.#counts[port * stride + 5] as number) += 1;
  }

  /** An address came to this port from another. */
  moved(port: number): void {
    (this.#counts[port * stride + 6] as number) += 1;
  }

  /** @param port where it came from; for a full or failed egress, that. */
  dropped(port: number, reason: DropCode, frames = 1): void {
    const at = port * stride + traffic.length + reason;
    if (this.#counts[at] === 0 && noticed.has(reason)) this.notice(port, reason);
    (this.#counts[at] as number) += frames;
  }

  reset(port: number): void {
    this.#counts.fill(0, port * stride, (port + 1) * stride);
  }

  of(port: number): PortCounts {
    const value = (index: number) => this.#counts[port * stride + index] as number;
    const named = <Name extends string>(names: readonly Name[], first: number) =>
      Object.fromEntries(names.map((name, index) => [name, value(first + index)])) as Record<Name, number>;
    return { ...named(traffic, 0), drops: named(dropReasons, traffic.length) };
  }
}
