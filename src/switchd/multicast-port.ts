/** Uplink to a multicast group: one frame a datagram, as QEMU's -netdev socket,mcast= has it. */
import { sameAddress, writeOwnAddress } from '../kernel/address-book.js';
import { addressSize, type FrameIo, withAddress } from '../kernel/frame-io.js';
import { type PortIo, refused } from './port-io.js';

const none = new Uint8Array();

export class MulticastPort implements PortIo {
  readonly edge = false;
  readonly offloads = false;
  /** Where our own frames come from, when the group gives them back to us. */
  readonly #own = new Uint8Array(addressSize);

  /**
   * @param fd bound to the group.
   * @param sender connected to it.
   */
  constructor(
    readonly fd: number,
    private readonly sender: number,
    readonly maxFrame: number,
  ) {
    writeOwnAddress(sender, this.#own, 0)._unsafeUnwrap();
  }

  receive(io: FrameIo, first: number, count: number): number {
    return io.receive(this.fd, first, count, 0, withAddress);
  }

  accept(io: FrameIo, slot: number): number {
    return sameAddress(io.address, slot, this.#own, 0) ? refused : 0;
  }

  send(io: FrameIo, slots: Int32Array, peers: Int32Array, count: number): void {
    io.send(this.sender, slots, count, 0, peers, none);
  }
}
