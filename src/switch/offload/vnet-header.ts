/**
 * struct virtio_net_hdr (linux/virtio_net.h), which comes before a frame from packet sockets with PACKET_VNET_HDR and from
 * taps with IFF_VNET_HDR: what of the frame's checksum and segmentation is left to whoever takes it. Ten bytes; its numbers
 * are in this host's byte order. Where a frame comes from a guest, so does this header: check.ts is to be asked first.
 */

export const vnetHeaderLength = 10;

/** VIRTIO_NET_HDR_F_NEEDS_CSUM: a checksum is to be completed; its field holds the sum of the pseudo header. */
export const needsChecksum = 1;
/** VIRTIO_NET_HDR_F_DATA_VALID: who sent it has verified the checksums. */
export const dataValid = 2;

/** VIRTIO_NET_HDR_GSO_NONE: one frame, which is sent as it is. */
export const gsoNone = 0;
/** VIRTIO_NET_HDR_GSO_TCPV4 */
export const gsoTcp4 = 1;
/** VIRTIO_NET_HDR_GSO_UDP: one datagram, to be sent in IP fragments. */
export const gsoUdpFragments = 3;
/** VIRTIO_NET_HDR_GSO_TCPV6 */
export const gsoTcp6 = 4;
/** VIRTIO_NET_HDR_GSO_UDP_L4: many datagrams of one flow, over IPv4 or IPv6. */
export const gsoUdp = 5;
/** VIRTIO_NET_HDR_GSO_ECN, a bit beside those of TCP: its CWR flag may be set. */
export const gsoEcn = 0x80;

/** Where the lower and the higher byte of a number are. */
const low = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 0 : 1;
const high = 1 - low;

function read16(bytes: Uint8Array, at: number): number {
  return (bytes[at + low] as number) | ((bytes[at + high] as number) << 8);
}

function write16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at + low] = value;
  bytes[at + high] = value >>> 8;
}

export function flagsOf(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

export function setFlags(bytes: Uint8Array, at: number, flags: number): void {
  bytes[at] = flags;
}

export function gsoTypeOf(bytes: Uint8Array, at: number): number {
  return bytes[at + 1] as number;
}

export function setGsoType(bytes: Uint8Array, at: number, type: number): void {
  bytes[at + 1] = type;
}

/** Bytes of all headers, as the sender says: a hint. */
export function headerLengthOf(bytes: Uint8Array, at: number): number {
  return read16(bytes, at + 2);
}

export function setHeaderLength(bytes: Uint8Array, at: number, length: number): void {
  write16(bytes, at + 2, length);
}

/** Bytes of payload in each segment but the last. */
export function gsoSizeOf(bytes: Uint8Array, at: number): number {
  return read16(bytes, at + 4);
}

export function setGsoSize(bytes: Uint8Array, at: number, size: number): void {
  write16(bytes, at + 4, size);
}

/** Where in the frame the checksum begins to count. */
export function checksumStartOf(bytes: Uint8Array, at: number): number {
  return read16(bytes, at + 6);
}

export function setChecksumStart(bytes: Uint8Array, at: number, start: number): void {
  write16(bytes, at + 6, start);
}

/** Where the checksum is, from its start on. */
export function checksumOffsetOf(bytes: Uint8Array, at: number): number {
  return read16(bytes, at + 8);
}

export function setChecksumOffset(bytes: Uint8Array, at: number, offset: number): void {
  write16(bytes, at + 8, offset);
}

/** Nothing is left to be done. */
export function clearVnetHeader(bytes: Uint8Array, at: number): void {
  bytes.fill(0, at, at + vnetHeaderLength);
}

/**
 * The frame has become longer at its front, as by a VLAN tag. What would leave the 16 bits was no header that check.ts lets
 * pass, and is none after it.
 *
 * @param by bytes; below zero: shorter.
 */
export function shiftVnetHeader(bytes: Uint8Array, at: number, by: number): void {
  const length = headerLengthOf(bytes, at);
  if (length !== 0) setHeaderLength(bytes, at, length + by);
  if ((flagsOf(bytes, at) & needsChecksum) !== 0) setChecksumStart(bytes, at, checksumStartOf(bytes, at) + by);
}
