/** Ports of guests: pairs of unix sockets whose other end QEMU has (-netdev dgram and stream, docs/qemu.md). */
import type { FrameIo } from '../kernel/frame-io.js';
import { type PortIo, refused } from './port-io.js';

const none = new Uint8Array();

/** One frame a message, over SOCK_SEQPACKET: its hang-up is seen. */
export class DgramPort implements PortIo {
  readonly edge = false;
  readonly offloads = false;

  constructor(
    readonly fd: number,
    readonly maxFrame: number,
  ) {}

  receive(io: FrameIo, first: number, count: number): number {
    return io.receive(this.fd, first, count, 0, 0);
  }

  /** A socket whose other end has closed gives messages without bytes, as many as are asked for. */
  accept(io: FrameIo, slot: number): number {
    return (io.length[slot] as number) > 0 ? 0 : refused;
  }

  send(io: FrameIo, slots: Int32Array, peers: Int32Array, count: number): void {
    io.send(this.fd, slots, count, 0, peers, none);
  }
}

const lengthSize = 4;

/** Four bytes of length, big-endian, before each frame. */
export class StreamPort implements PortIo {
  readonly edge = true;
  readonly offloads = false;

  constructor(
    readonly fd: number,
    readonly maxFrame: number,
  ) {}

  receive(io: FrameIo, first: number, count: number): number {
    return io.receiveStream(this.fd, first, count);
  }

  accept(): number {
    return 0;
  }

  send(io: FrameIo, slots: Int32Array, peers: Int32Array, count: number): void {
    for (let i = 0; i < count; i += 1) {
      const slot = slots[i] as number;
      const bytes = io.bytesOf(slot);
      const at = (io.start[slot] as number) - lengthSize;
      const length = io.length[slot] as number;
      bytes[at] = length >>> 24;
      bytes[at + 1] = length >>> 16;
      bytes[at + 2] = length >>> 8;
      bytes[at + 3] = length;
    }
    io.send(this.fd, slots, count, lengthSize, peers, none);
  }
}
