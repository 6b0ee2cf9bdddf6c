/**
 * Datagrams of UDP as they lie on a wire, from any address whoever may have it, and what puts them there: a forger needs no
 * more than the wire.
 */
import { isIPv6 } from 'node:net';
import { writeAddress } from '../../src/kernel/address-book.js';
import { addressSize, FrameIo, frameBatch } from '../../src/kernel/frame-io.js';
import { native } from '../../src/kernel/native.js';
import { ipLink } from './links.js';
import { slowSum } from './offload-frames.js';
import type { Lifetime } from './until.js';

export interface RawDatagram {
  /** Station addresses, each six bytes. */
  readonly fromMac: Uint8Array;
  readonly toMac: Uint8Array;
  /** Both IPv4 or both IPv6. */
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly port: number;
  readonly body: Uint8Array;
}

const none = new Uint8Array();
const udp = 17;
const big = (value: number) => [value >>> 8, value & 0xff];

/** Four bytes or sixteen, in network byte order. */
function ipBytes(address: string): Uint8Array {
  const bytes = new Uint8Array(addressSize);
  writeAddress({ address, port: 0 }, bytes, 0)._unsafeUnwrap();
  // sockaddr_in and sockaddr_in6
  return isIPv6(address) ? bytes.slice(8, 24) : bytes.slice(4, 8);
}

/** The whole frame, from Ethernet's header on. */
export function rawPacket({ fromMac, toMac, from, to, fromPort, port, body }: RawDatagram): Uint8Array {
  const [source, target] = [ipBytes(from), ipBytes(to)];
  const length = 8 + body.length;
  const datagram = (sum: number) => Uint8Array.of(...big(fromPort), ...big(port), ...big(length), ...big(sum), ...body);
  const ethernet = (type: number) => [...toMac, ...fromMac, ...big(type)];
  if (source.length === 16) {
    const pseudo = [...source, ...target, ...big(0), ...big(length), ...big(0), ...big(udp)];
    const sum = 0xffff - slowSum([...pseudo, ...datagram(0)]) || 0xffff;
    const header = [0x60, 0, 0, 0, ...big(length), udp, 64, ...source, ...target];
    return Uint8Array.of(...ethernet(0x86dd), ...header, ...datagram(sum));
  }
  const start = [0x45, 0, ...big(20 + length), 0, 0, 0, 0, 64, udp];
  const sum = 0xffff - slowSum([...start, ...source, ...target]);
  // Over IPv4 a checksum of zero is none
  return Uint8Array.of(...ethernet(0x0800), ...start, ...big(sum), ...source, ...target, ...datagram(0));
}

/** Puts frames on a wire by one of its ends, as if they had come by it. */
export class Injector {
  readonly #io = new FrameIo([{ slots: frameBatch, room: 2048 }]);
  readonly #fd: number;

  /** @param ifname in the namespace of this process: what is put there comes out at the wire's other end. */
  constructor(t: Lifetime, ifname: string) {
    this.#fd = native.packetOpen();
    const bound = this.#fd < 0 ? this.#fd : native.packetBind(this.#fd, ipLink(ifname).ifindex);
    if (bound < 0) throw new Error(`no packet socket on ${ifname}: ${bound}`);
    t.teardown(() => native.close(this.#fd));
  }

  /** @returns how many went; the rest had no room. */
  send(packets: readonly Uint8Array[]): number {
    let gone = 0;
    for (let i = 0; i < packets.length; i += frameBatch) gone += this.#batch(packets.slice(i, i + frameBatch));
    return gone;
  }

  #batch(packets: readonly Uint8Array[]): number {
    for (const [slot, packet] of packets.entries()) {
      this.#io.bytesOf(slot).set(packet, this.#io.start[slot] as number);
      this.#io.length[slot] = packet.length;
    }
    const slots = Int32Array.from(packets, (_, slot) => slot);
    return this.#io.send(this.#fd, slots, packets.length, 0, slots, none).sent;
  }
}
