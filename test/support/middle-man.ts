/** Who stands between two wires in the place of a bridge, and lets each packet pass or not. */
import { FrameIo, frameBatch } from '../../src/kernel/frame-io.js';
import { native } from '../../src/kernel/native.js';
import { ipLink } from './links.js';
import type { Lifetime } from './until.js';

/** A virtio_net_hdr goes before each, so that what the sender left undone is told to the receiver. */
const headerSize = 10;
const none = new Uint8Array();

export class MiddleMan {
  /** Whether a packet may pass, from Ethernet's header on. @param from the wire that it came by, 0 or 1. */
  passes: (packet: Uint8Array, from: number) => boolean = () => true;
  readonly #io = new FrameIo([{ slots: frameBatch, room: 66_000 }]);
  readonly #fds: readonly number[];

  /** @param ifnames two wires' ends in the namespace of this process, which are on no bridge. */
  constructor(t: Lifetime, ifnames: readonly [string, string]) {
    this.#fds = ifnames.map((ifname) => {
      const fd = native.packetOpen();
      t.teardown(() => native.close(fd));
      const done = [
        native.packetVnetHeader(fd),
        native.packetIgnoreOutgoing(fd),
        native.packetBind(fd, ipLink(ifname).ifindex),
      ];
      if (done.some((one) => one < 0)) throw new Error(`no packet socket on ${ifname}: ${done}`);
      return fd;
    });
    const timer = setInterval(() => this.#work(), 1);
    t.teardown(() => clearInterval(timer));
  }

  #work(): void {
    for (const [from, fd] of this.#fds.entries()) while (this.#carry(fd, from) === frameBatch);
  }

  #carry(fd: number, from: number): number {
    const io = this.#io;
    const count = io.receive(fd, 0, frameBatch, headerSize, 0);
    const slots: number[] = [];
    for (let slot = 0; slot < count; slot += 1) {
      const start = io.start[slot] as number;
      const packet = io.bytesOf(slot).subarray(start, start + (io.length[slot] as number));
      if (this.passes(packet, from)) slots.push(slot);
    }
    if (slots.length > 0)
      io.send(
        this.#fds[1 - from] as number,
        Int32Array.from(slots),
        slots.length,
        headerSize,
        Int32Array.from(slots),
        none,
      );
    return count;
  }
}

/** Where in its datagram a fragment begins, in bytes, and whether it is the last; undefined: it is whole. */
export function fragmentOf(packet: Uint8Array): { readonly offset: number; readonly last: boolean } | undefined {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.length);
  const type = bytes.readUInt16BE(12);
  if (type === 0x0800) {
    const field = bytes.readUInt16BE(14 + 6);
    if ((field & 0x3fff) === 0) return undefined;
    return { offset: (field & 0x1fff) * 8, last: (field & 0x2000) === 0 };
  }
  // RFC 8200: a header of its own
  if (type !== 0x86dd || bytes[14 + 6] !== 44) return undefined;
  const field = bytes.readUInt16BE(14 + 40 + 2);
  return { offset: field & 0xfff8, last: (field & 1) === 0 };
}
