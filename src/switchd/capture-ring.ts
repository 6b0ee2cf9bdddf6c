/**
 * Frames on their way from the thread that moves them to the one that gives them to somebody: a ring in shared memory with
 * one writer and one reader, who never wait for each other. What has no room is counted.
 */

/** Bytes; a power of two. */
const ringSize = 1 << 22;
/** Size of the record, port and direction, time, length of the frame, bytes kept. */
const headerSize = 24;
const [head, tail] = [0, 1];
/** In place of a size: the next record is at the start of the ring. */
const skip = 0;

/** As it goes to the other thread. */
export interface RingMemory {
  /** Positions that only grow, modulo 2^32: up to where was written, and read. */
  readonly positions: Int32Array;
  /** By port: frames that had no room. */
  readonly lost: Int32Array;
  /** Whether there is a writer: its first element is not 0. */
  readonly begun: Int32Array;
  readonly data: SharedArrayBuffer;
}

/** @param ports how many there can be. */
export function makeRing(ports: number, size = ringSize): RingMemory {
  return {
    positions: new Int32Array(new SharedArrayBuffer(8)),
    lost: new Int32Array(new SharedArrayBuffer(ports * 4)),
    begun: new Int32Array(new SharedArrayBuffer(4)),
    data: new SharedArrayBuffer(size),
  };
}

export interface Captured {
  readonly port: number;
  /** Whether it went to the port; else it came from it. */
  readonly out: boolean;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly bytes: Uint8Array;
  readonly length: number;
}

abstract class RingEnd {
  protected readonly ints: Int32Array;
  protected readonly doubles: Float64Array;
  protected readonly bytes: Uint8Array;

  constructor(protected readonly memory: RingMemory) {
    this.ints = new Int32Array(memory.data);
    this.doubles = new Float64Array(memory.data);
    this.bytes = new Uint8Array(memory.data);
  }
}

export class RingWriter extends RingEnd {
  /** From now on the frames are taken. */
  constructor(memory: RingMemory) {
    super(memory);
    Atomics.store(memory.begun, 0, 1);
  }

  /** Takes a copy of a frame, or counts it as lost. */
  write(port: number, out: boolean, time: number, bytes: Uint8Array, at: number, length: number): void {
    const { positions, lost } = this.memory;
    const capacity = this.bytes.length;
    const size = (headerSize + length + 7) & ~7;
    const from = Atomics.load(positions, head);
    const free = capacity - ((from - Atomics.load(positions, tail)) >>> 0);
    const place = from & (capacity - 1);
    // A record is never cut in two
    const left = capacity - place;
    const skipped = size > left ? left : 0;
    if (free < skipped + size) {
      (lost[port] as number) += 1;
      return;
    }
    if (skipped > 0) this.ints[place >> 2] = skip;
    const start = skipped > 0 ? 0 : place;
    const word = start >> 2;
    this.ints[word] = size;
    this.ints[word + 1] = (port << 1) | (out ? 1 : 0);
    this.doubles[(start >> 3) + 1] = time;
    this.ints[word + 4] = length;
    this.bytes.set(bytes.subarray(at, at + length), start + headerSize);
    Atomics.store(positions, head, (from + skipped + size) | 0);
  }
}

export class RingReader extends RingEnd {
  /** Whether there is a writer by now. */
  get begun(): boolean {
    return Atomics.load(this.memory.begun, 0) !== 0;
  }

  /** The next frame, which is the caller's; undefined: there is none now. */
  read(): Captured | undefined {
    const { positions } = this.memory;
    const capacity = this.bytes.length;
    const to = Atomics.load(positions, head);
    let from = Atomics.load(positions, tail);
    if (from === to) return undefined;
    if (this.ints[(from & (capacity - 1)) >> 2] === skip) from += capacity - (from & (capacity - 1));
    const start = from & (capacity - 1);
    const word = start >> 2;
    const tag = this.ints[word + 1] as number;
    const length = this.ints[word + 4] as number;
    const captured: Captured = {
      ...{ port: tag >>> 1, out: (tag & 1) === 1, time: this.doubles[(start >> 3) + 1] as number, length },
      bytes: this.bytes.slice(start + headerSize, start + headerSize + length),
    };
    Atomics.store(positions, tail, (from + (this.ints[word] as number)) | 0);
    return captured;
  }

  lostAt(port: number): number {
    return Atomics.load(this.memory.lost, port);
  }

  /** Ports that lost frames. */
  losers(): number[] {
    return [...this.memory.lost.keys()].filter((port) => this.lostAt(port) > 0);
  }
}
