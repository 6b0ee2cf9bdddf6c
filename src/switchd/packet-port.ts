/**
 * Uplink to an interface by a packet socket (packet(7)). Frames of other programs on this host, as of a veth's far end, come
 * as these left them: long, and without checksums. A header before each says what is to be done, and the VLAN tag is beside it.
 */
import { FrameIo, withTag } from '../kernel/frame-io.js';
import { dropCode } from '../switch/drop-reason.js';
import { customerTag, tagLength } from '../switch/frame.js';
import { takeTag } from '../switch/offload/vlan-tag.js';
import { vnetHeaderLength } from '../switch/offload/vnet-header.js';
import { type PortIo, refusedFor } from './port-io.js';
import { acceptWithHeader, addTag, putHeader } from './vnet.js';

const none = new Uint8Array();
/** Bytes of the longest frame that can come from a kernel: 64 KB of IP, Ethernet's header and tags. */
export const longest = 65_600;
const vlanMask = 0xfff;
/** Batches in a row until the kernel is asked what it had no room for. */
const batchesALook = 32;

export class PacketPort implements PortIo {
  readonly edge = false;
  readonly offloads = true;
  readonly maxFrame = longest;
  lost = 0;
  #fullBatches = 0;
  /** What is put before each frame on the wire: type and VLAN; 0: nothing. */
  readonly #tag: number;

  /**
   * @param fd with PACKET_VNET_HDR and PACKET_AUXDATA.
   * @param wireFrame bytes of the longest frame on the wire.
   * @param vlan the wire's frames have this tag, and the network's have none; undefined: tags pass.
   */
  constructor(
    readonly fd: number,
    private readonly wireFrame: number,
    private readonly vlan?: number,
  ) {
    this.#tag = vlan === undefined ? 0 : (customerTag << 16) | vlan;
  }

  receive(io: FrameIo, first: number, count: number): number {
    const received = io.receive(this.fd, first, count, vnetHeaderLength, withTag);
    if (received === count) this.#fullBatches += 1;
    // A queue that has never given as much as was asked for was not full
    if (this.#fullBatches >= batchesALook || (this.#fullBatches > 0 && received < count)) {
      this.#fullBatches = 0;
      this.lost += FrameIo.lostBy(this.fd);
    }
    return received;
  }

  accept(io: FrameIo, slot: number): number {
    const tag = io.tag[slot] as number;
    if (this.vlan === undefined) return acceptWithHeader(io, slot, this.wireFrame, tag);
    if (tag >>> 16 !== customerTag || (tag & vlanMask) !== this.vlan) return refusedFor(dropCode.vlan);
    return acceptWithHeader(io, slot, this.wireFrame, 0);
  }

  send(io: FrameIo, slots: Int32Array, peers: Int32Array, count: number): void {
    const added = this.#tag === 0 ? 0 : tagLength;
    for (let i = 0; i < count; i += 1) {
      const slot = slots[i] as number;
      if (added > 0) addTag(io, slot, this.#tag);
      putHeader(io, slot, added);
    }
    io.send(this.fd, slots, count, vnetHeaderLength, peers, none);
    // Other ports get these frames too, without a tag
    for (let i = 0; added > 0 && i < count; i += 1) {
      const slot = slots[i] as number;
      io.start[slot] = takeTag(io.bytesOf(slot), io.start[slot] as number);
      (io.length[slot] as number) -= tagLength;
    }
  }
}
