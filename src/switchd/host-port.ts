/**
 * The host's own end of a network: a tap's descriptor with virtio-net headers, which does not block (kernel/host-taps.ts).
 * What the host leaves undone of a frame goes undone to taps of guests, and the host takes what these leave undone.
 */
import type { FrameIo } from '../kernel/frame-io.js';
import { vnetHeaderLength } from '../switch/offload/vnet-header.js';
import { longest } from './packet-port.js';
import type { PortIo } from './port-io.js';
import { acceptWithHeader, putHeader } from './vnet.js';

export class HostPort implements PortIo {
  readonly edge = false;
  readonly offloads = true;
  readonly maxFrame = longest;

  /** @param wireFrame bytes of the longest frame that the network carries. */
  constructor(
    readonly fd: number,
    private readonly wireFrame: number,
  ) {}

  receive(io: FrameIo, first: number, count: number): number {
    return io.read(this.fd, first, count, vnetHeaderLength);
  }

  accept(io: FrameIo, slot: number): number {
    return acceptWithHeader(io, slot, this.wireFrame, 0);
  }

  send(io: FrameIo, slots: Int32Array, _peers: Int32Array, count: number): void {
    for (let i = 0; i < count; i += 1) putHeader(io, slots[i] as number, 0);
    io.write(this.fd, slots, count, vnetHeaderLength);
  }
}
