/**
 * VLAN tags of 802.1Q that a packet socket hands out beside the frame (PACKET_AUXDATA, packet(7)), and those that a port
 * must not see. The virtio-net header follows by shiftVnetHeader().
 */
import { macLength, tagLength, typeOffset } from '../frame.js';

const addresses = 2 * macLength;

/**
 * Puts a tag into a frame by moving its addresses forward, where there are four bytes that nobody needs.
 *
 * @param tci priority and VLAN, 16 bits (tp_vlan_tci).
 * @param tpid the tag's type, 0x8100 or 0x88a8 (tp_vlan_tpid).
 * @returns where the frame begins now, four bytes before `at`; it is four bytes longer.
 */
export function putTag(bytes: Uint8Array, at: number, tci: number, tpid: number): number {
  const now = at - tagLength;
  bytes.copyWithin(now, at, at + addresses);
  bytes[now + typeOffset] = tpid >>> 8;
  bytes[now + typeOffset + 1] = tpid;
  bytes[now + typeOffset + 2] = tci >>> 8;
  bytes[now + typeOffset + 3] = tci;
  return now;
}

/**
 * Takes the outermost tag off a frame that has one.
 *
 * @returns where the frame begins now, four bytes after `at`; it is four bytes shorter.
 */
export function takeTag(bytes: Uint8Array, at: number): number {
  bytes.copyWithin(at + tagLength, at, at + addresses);
  return at + tagLength;
}
