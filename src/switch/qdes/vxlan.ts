/**
 * The header of VXLAN (RFC 7348, section 5): eight bytes before each Ethernet frame in a datagram. There is nothing but
 * frames, and nobody says who sent them but their address.
 */

/** The network identifier is valid. */
const valid = 0x08;

/** @param network 0 to 2^24 - 1. */
export function writeVxlan(bytes: Uint8Array, at: number, network: number): void {
  bytes[at] = valid;
  bytes[at + 1] = 0;
  bytes[at + 2] = 0;
  bytes[at + 3] = 0;
  bytes[at + 4] = network >>> 16;
  bytes[at + 5] = network >>> 8;
  bytes[at + 6] = network;
  bytes[at + 7] = 0;
}

/**
 * Whether it is such a header. Reserved bits are ignored, as the RFC says, but for those of the first byte, by which
 * extensions say that what follows is no Ethernet frame.
 *
 * @param length bytes behind the header; below 0: it is cut short.
 */
export function isVxlan(bytes: Uint8Array, at: number, length: number): boolean {
  return length >= 0 && bytes[at] === valid;
}

export function vxlanNetworkAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 4] as number) << 16) | ((bytes[at + 5] as number) << 8) | (bytes[at + 6] as number);
}
