/**
 * Ports of guests that have a tap (QEMU's -netdev tap): a packet socket has the tap's other side. What a guest leaves undone
 * comes with its frames, and goes undone to other taps, whose guests or whose kernel see to it.
 */
import { constants } from 'node:os';
import type { FrameIo } from '../kernel/frame-io.js';
import { PacketPort } from './packet-port.js';

const { ENETDOWN, EPROTO } = constants.errno;

export class TapPort extends PacketPort {
  /** Nobody puts the tap down: when it is, its last descriptor has been closed, and there is no such interface any more. */
  override receive(io: FrameIo, first: number, count: number): number {
    const received = super.receive(io, first, count);
    return received === -ENETDOWN ? -EPROTO : received;
  }
}
