/**
 * What the switch reads of an Ethernet frame (IEEE 802.3, 802.1Q): a frame is its bytes from `at` on, `length` of them,
 * without preamble and checksum, in network byte order. Nothing here copies or allocates.
 */

/** Two addresses and the type: what is shorter is no frame. */
export const headerLength = 14;
export const macLength = 6;
export const sourceOffset = 6;
export const typeOffset = 12;
/** A tag's two bytes of type and two of priority and VLAN. */
export const tagLength = 4;

/** Types of tags: 802.1Q's, and 802.1ad's of providers. */
export const customerTag = 0x8100;
export const serviceTag = 0x88a8;

export function typeAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at + typeOffset] as number) << 8) | (bytes[at + typeOffset + 1] as number);
}

/** Whether it has a VLAN tag, 802.1Q's or 802.1ad's, be it for the priority alone. */
export function isTagged(bytes: Uint8Array, at: number): boolean {
  const type = typeAt(bytes, at);
  return type === customerTag || type === serviceTag;
}

/** VLAN id of the outermost tag, 802.1Q's or 802.1ad's; 0: untagged, or tagged for the priority alone. */
export function vlanAt(bytes: Uint8Array, at: number, length: number): number {
  const type = typeAt(bytes, at);
  if ((type !== customerTag && type !== serviceTag) || length < headerLength + tagLength) return 0;
  return (((bytes[at + 14] as number) & 0x0f) << 8) | (bytes[at + 15] as number);
}

/** Whether a frame to the address goes to many: multicast, or broadcast, which is one. */
export function isGroupAddress(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at] as number) & 1) === 1;
}

/** Whether a bridge keeps frames to it for itself: 01:80:c2:00:00:00 to 0f (802.1Q, table 8-1: spanning tree, pause, LLDP). */
export function isReservedAddress(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x01 &&
    bytes[at + 1] === 0x80 &&
    bytes[at + 2] === 0xc2 &&
    bytes[at + 3] === 0 &&
    bytes[at + 4] === 0 &&
    (bytes[at + 5] as number) < 0x10
  );
}

/** Whether a station can have it: one of a group is none, and neither is 00:00:00:00:00:00. */
export function isStationAddress(bytes: Uint8Array, at: number): boolean {
  if (isGroupAddress(bytes, at)) return false;
  for (let i = 0; i < macLength; i += 1) if (bytes[at + i] !== 0) return true;
  return false;
}
