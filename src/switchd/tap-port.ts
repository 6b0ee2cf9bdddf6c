/**
 * Ports of guests that have a tap (QEMU's -netdev tap): a packet socket has the tap's other side. What a guest leaves undone
 * comes with its frames, and goes undone to other taps, whose guests or whose kernel see to it.
 */
import { constants } from 'node:os';
import type { FrameIo } from '../kernel/frame-io.js';
import { send } from '../kernel/seqpacket.js';
import { PacketPort } from './packet-port.js';

const { ENETDOWN, EPROTO } = constants.errno;
const none = new Uint8Array();

export class TapPort extends PacketPort {
  /** The kernel tells of a tap's end once, and another switch, which was killed since, may have heard it. */
  join(): 'waits' | 'refused' {
    const gone = send(this.fd, none, []).match(
      () => false,
      ({ code }) => code === 'ENXIO',
    );
    return gone ? 'refused' : 'waits';
  }

  /** Nobody puts the tap down: when it is, its last descriptor has been closed, and there is no such interface any more. */
  override receive(io: FrameIo, first: number, count: number): number {
    const received = super.receive(io, first, count);
    return received === -ENETDOWN ? -EPROTO : received;
  }
}
