/**
 * Where the headers of a frame that is to be segmented are, by its own bytes: what its virtio-net header says must agree
 * with these. Offsets are from the frame's first byte on.
 */
import { customerTag, headerLength, serviceTag, tagLength, typeAt } from '../frame.js';
import {
  checksumOffsetOf,
  checksumStartOf,
  flagsOf,
  gsoEcn,
  gsoSizeOf,
  gsoTcp4,
  gsoTcp6,
  gsoTypeOf,
  gsoUdp,
  needsChecksum,
} from './vnet-header.js';

const ip4Type = 0x0800;
const ip6Type = 0x86dd;
const tcp = 6;
const udp = 17;
/** What may be between IPv6 and TCP where the kernel segments: hop-by-hop options, routing, destination options (RFC 8200). */
const isExtension = (header: number) => header === 0 || header === 43 || header === 60;
/** As many as the kernel looks behind (VLAN_MAX_DEPTH). */
const maxTags = 8;
/** Datagrams that one frame of UDP may become (UDP_MAX_SEGMENTS). */
const maxDatagrams = 128;

/** Where the header behind Ethernet's and VLAN tags is. Its type is in the two bytes before. */
export function networkOffset(bytes: Uint8Array, at: number, length: number): number {
  let offset = headerLength;
  for (let tags = 0; tags < maxTags && offset + tagLength <= length; tags += 1) {
    const type = typeAt(bytes, at + offset - headerLength);
    if (type !== customerTag && type !== serviceTag) break;
    offset += tagLength;
  }
  return offset;
}

export class Layout {
  /** The IP header. */
  network = 0;
  /** The header of TCP or UDP. */
  transport = 0;
  /** What is cut into segments. */
  payload = 0;
  ip6 = false;
  udp = false;

  /** @returns whether it is a frame that can be segmented as its virtio-net header says; otherwise nothing here counts. */
  read(bytes: Uint8Array, headerAt: number, at: number, length: number): boolean {
    const type = gsoTypeOf(bytes, headerAt);
    this.udp = type === gsoUdp;
    this.network = networkOffset(bytes, at, length);
    const etherType = typeAt(bytes, at + this.network - headerLength);
    this.ip6 = etherType === ip6Type;
    if (!this.ip6 && etherType !== ip4Type) return false;
    if (!this.udp && (type & ~gsoEcn) !== (this.ip6 ? gsoTcp6 : gsoTcp4)) return false;
    this.transport = this.#transport(bytes, at, length);
    const size = gsoSizeOf(bytes, headerAt);
    if (this.transport === 0 || size === 0) return false;
    this.payload = this.transport + this.#transportLength(bytes, at, length);
    if (this.udp && length - this.payload > size * maxDatagrams) return false;
    return this.payload > this.transport && this.payload <= length && this.#sumFits(bytes, headerAt);
  }

  #transport(bytes: Uint8Array, at: number, length: number): number {
    const header = at + this.network;
    const version = (bytes[header] as number) >>> 4;
    if (this.ip6) return version === 6 ? this.#behindExtensions(bytes, at, length) : 0;
    const size = ((bytes[header] as number) & 0xf) * 4;
    if (version !== 4 || size < 20 || this.network + size > length) return 0;
    // A fragment's data does not begin with this header, or is not all there
    if (((bytes[header + 6] as number) & 0x3f) !== 0 || bytes[header + 7] !== 0) return 0;
    return bytes[header + 9] === this.#protocol() ? this.network + size : 0;
  }

  #behindExtensions(bytes: Uint8Array, at: number, length: number): number {
    let next = bytes[at + this.network + 6] as number;
    let offset = this.network + 40;
    while (isExtension(next) && offset + 8 <= length) {
      next = bytes[at + offset] as number;
      offset += ((bytes[at + offset + 1] as number) + 1) * 8;
    }
    return next === this.#protocol() && offset <= length ? offset : 0;
  }

  #protocol(): number {
    return this.udp ? udp : tcp;
  }

  /** 0: the header is not whole. */
  #transportLength(bytes: Uint8Array, at: number, length: number): number {
    if (this.udp) return 8;
    if (this.transport + 20 > length) return 0;
    const size = ((bytes[at + this.transport + 12] as number) >>> 4) * 4;
    return size < 20 ? 0 : size;
  }

  /** Whether the checksum is this header's: that of a TCP segment within VXLAN is not. */
  #sumFits(bytes: Uint8Array, headerAt: number): boolean {
    if ((flagsOf(bytes, headerAt) & needsChecksum) === 0) return !this.udp;
    const field = this.udp ? 6 : 16;
    return checksumStartOf(bytes, headerAt) === this.transport && checksumOffsetOf(bytes, headerAt) === field;
  }
}
