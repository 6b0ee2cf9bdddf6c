/** Memory for Ethernet frames that the addon receives into and sends from, many with one system call (frames.h). */
import { constants } from 'node:os';
import { native } from './native.js';
import type { FramesHandle } from './native-frames.js';

/** Frames in one call at most. */
export const frameBatch = 64;
/** Bytes of the address of a far end: a sockaddr_in or sockaddr_in6 (ip(7), ipv6(7)), then zeros. */
export const addressSize = 32;
/** Bytes before each frame for what a network puts there. */
export const headroom = 128;

/** Some slots of the same size. */
export interface SlotClass {
  readonly slots: number;
  /** Bytes of the longest frame. */
  readonly room: number;
}

/** What receiving is to note besides the bytes: who sent it, and the VLAN tag that the kernel took off. */
export const withAddress = 1;
export const withTag = 2;

const cacheLine = 64;

/** Bytes from one slot to the next: an odd number of cache lines, or all starts would share few places of the processor's cache. */
const strideOf = ({ room }: SlotClass) => (Math.ceil((headroom + room) / cacheLine) | 1) * cacheLine;

/** What the slots of a class take. */
export const regionBytes = (one: SlotClass): number => one.slots * strideOf(one);

/**
 * A frame is `length[slot]` bytes from `start[slot]` on in `regions[region[slot]]`; who takes something off its front or
 * puts something there changes the start. Each class of slots has a region of its own, in order, slots numbered through.
 */
export class FrameIo {
  readonly regions: readonly Uint8Array[];
  readonly region: Uint8Array;
  readonly start: Int32Array;
  readonly room: Int32Array;
  /** -1: less than its prefix came. More than the room: it was cut off. */
  readonly length: Int32Array;
  /** The sender's address, where receiving notes it. */
  readonly address: Uint8Array;
  /** The type, then the tag, that the kernel took off; 0: none. */
  readonly tag: Int32Array;
  /** What of the frame is left to be done by a header that whoever received it has put at frontOf(); receiving sets 0: none. */
  readonly unfinished: Uint8Array;
  /** What became of the last send(). Of the failed some were too large for the way there. */
  readonly sent = { sent: 0, failed: 0, large: 0, full: 0, broken: false };
  readonly #home: Int32Array;
  readonly #handle: FramesHandle;
  readonly #result = new Int32Array(6);
  readonly #left = new Int32Array(1);

  constructor(classes: readonly SlotClass[]) {
    const slots = classes.reduce((sum, one) => sum + one.slots, 0);
    this.region = new Uint8Array(slots);
    this.start = new Int32Array(slots);
    this.room = new Int32Array(slots);
    this.length = new Int32Array(slots);
    this.address = new Uint8Array(slots * addressSize);
    this.tag = new Int32Array(slots);
    this.unfinished = new Uint8Array(slots);
    let slot = 0;
    this.regions = classes.map((one, region) => {
      for (let i = 0; i < one.slots; i += 1, slot += 1) {
        this.region[slot] = region;
        this.start[slot] = i * strideOf(one) + headroom;
        this.room[slot] = one.room;
      }
      return new Uint8Array(regionBytes(one));
    });
    this.#home = this.start.slice();
    const { regions, region, start, room, length, address, tag } = this;
    const handle = native.framesBind(regions, region, start, room, length, address, tag);
    if (typeof handle === 'number') throw new Error('no memory for frames');
    this.#handle = handle;
  }

  /** The region's bytes in which the slot's frame is. */
  bytesOf(slot: number): Uint8Array {
    return this.regions[this.region[slot] as number] as Uint8Array;
  }

  /** Where the headroom of a slot begins that was received into: what is there stays whatever is put before the frame. */
  frontOf(slot: number): number {
    return (this.#home[slot] as number) - headroom;
  }

  /**
   * Receives messages into slots from `first` on, without waiting; their starts are where they were at first.
   *
   * @param count at most frameBatch.
   * @param prefix bytes of each message before its frame.
   * @param extras withAddress, withTag, or both added.
   * @returns how many came, or -errno: -EAGAIN when none waits.
   */
  receive(fd: number, first: number, count: number, prefix: number, extras: number): number {
    this.#reset(first, count);
    return native.framesReceive(this.#handle, fd, first, count, prefix, extras);
  }

  /** Whether what was received last of a socket that has hung up was all: then it gives messages without bytes. */
  isAll(first: number, received: number, asked: number): boolean {
    return received < asked || (this.length[first + received - 1] as number) <= 0;
  }

  /** Frames that had no room in a packet socket's queue since this was asked last. */
  static lostBy(fd: number): number {
    return Math.max(0, native.packetLost(fd));
  }

  /**
   * The same from a byte stream with four bytes of length before each frame (QEMU's). Less than `count`: no whole frame is
   * left, or it is the end.
   */
  receiveStream(fd: number, first: number, count: number): number {
    this.#reset(first, count);
    return native.framesReceiveStream(this.#handle, fd, first, count);
  }

  /**
   * Sends the frames of the first `count` of `slots`, without waiting, and says in `sent` what became of them.
   *
   * @param prefix bytes before each start that go along.
   * @param peers for each frame the place of its address in `addresses`; empty addresses: the socket is connected.
   */
  send(
    fd: number,
    slots: Int32Array,
    count: number,
    prefix: number,
    peers: Int32Array,
    addresses: Uint8Array,
  ): FrameIo['sent'] {
    return this.#tell(native.framesSend(this.#handle, fd, slots, count, prefix, peers, addresses, this.#result));
  }

  /** From now on the socket of UDP gives what came in a row as one message. @returns false: the kernel does not know how. */
  static takeTrains(fd: number): boolean {
    return native.trainsAccept(fd) === 0;
  }

  /**
   * receive() with addresses from such a socket; each datagram gets a slot. When `left` is true afterwards more came: the
   * next call is to be for it.
   */
  receiveTrains(fd: number, first: number, count: number, prefix: number): number {
    this.#reset(first, count);
    return native.trainsReceive(this.#handle, fd, first, count, prefix, this.#left);
  }

  get left(): boolean {
    return this.#left[0] !== 0;
  }

  /**
   * send() to addresses by a socket of UDP: what goes to the same place in a row, and is as long, goes as one message.
   *
   * @param longest bytes of a datagram, with its prefix, that is sent so.
   */
  sendTrains(
    fd: number,
    slots: Int32Array,
    count: number,
    prefix: number,
    peers: Int32Array,
    addresses: Uint8Array,
    longest: number,
  ): FrameIo['sent'] {
    const result = this.#result;
    return this.#tell(native.trainsSend(this.#handle, fd, slots, count, prefix, peers, addresses, longest, result));
  }

  /** Bytes of the shortest datagrams that the kernel did not take so in the last sendTrains(), which sent them one by one; 0: none. */
  get refusedTrains(): number {
    return this.#result[5] as number;
  }

  /** receive() from a tap that does not block, by its own descriptor. What fills its slot may have been cut: it is too long. */
  read(fd: number, first: number, count: number, prefix: number): number {
    this.#reset(first, count);
    return native.framesRead(this.#handle, fd, first, count, prefix);
  }

  /** send() to such a tap. */
  write(fd: number, slots: Int32Array, count: number, prefix: number): FrameIo['sent'] {
    return this.#tell(native.framesWrite(this.#handle, fd, slots, count, prefix, this.#result));
  }

  #tell(bad: number): FrameIo['sent'] {
    if (bad < 0)
      throw new Error(`frames of slots that there are not (${constants.errno.EINVAL === -bad ? 'EINVAL' : bad})`);
    const { sent } = this;
    sent.sent = this.#result[0] as number;
    sent.failed = this.#result[1] as number;
    sent.full = this.#result[2] as number;
    sent.broken = this.#result[3] !== 0;
    sent.large = this.#result[4] as number;
    return sent;
  }

  #reset(first: number, count: number): void {
    this.#left[0] = 0;
    for (let slot = first; slot < first + count; slot += 1) {
      this.start[slot] = this.#home[slot] as number;
      this.unfinished[slot] = 0;
    }
  }
}
