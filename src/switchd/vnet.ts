/** Frames that come and go with a virtio-net header before them: it says what of a frame is left to be done. */
import type { FrameIo } from '../kernel/frame-io.js';
import { dropCode } from '../switch/drop-reason.js';
import { headerLength, tagLength } from '../switch/frame.js';
import { isBad, isFinished, longestFrame, offloadOf } from '../switch/offload/check.js';
import { putTag } from '../switch/offload/vlan-tag.js';
import { clearVnetHeader, shiftVnetHeader, vnetHeaderLength } from '../switch/offload/vnet-header.js';
import { refusedFor } from './port-io.js';

/**
 * Looks at the header of a frame that came with one, keeps it where it is needed, and puts back the VLAN tag that the kernel
 * took off.
 *
 * @param maxFrame bytes of the longest frame on the wire: what is to be segmented may be longer itself.
 * @param tag in whose place FrameIo.tag is; 0: it stays off.
 * @returns 0, or what refusedFor() gives.
 */
export function acceptWithHeader(io: FrameIo, slot: number, maxFrame: number, tag: number): number {
  const length = io.length[slot] as number;
  if (length < headerLength) return refusedFor(dropCode['too-short']);
  if (length > (io.room[slot] as number)) return refusedFor(dropCode['too-long']);
  const bytes = io.bytesOf(slot);
  const at = io.start[slot] as number;
  const headerAt = at - vnetHeaderLength;
  const work = offloadOf(bytes, headerAt, at, length);
  if (work === isBad) return refusedFor(dropCode['bad-offload']);
  const added = tag === 0 ? 0 : tagLength;
  if (longestFrame(bytes, headerAt, at, length) + added > maxFrame) return refusedFor(dropCode['too-long']);
  if (work !== isFinished) {
    const front = io.frontOf(slot);
    bytes.copyWithin(front, headerAt, at);
    if (added > 0) shiftVnetHeader(bytes, front, added);
    io.unfinished[slot] = work;
  }
  if (added > 0) addTag(io, slot, tag);
  return 0;
}

/** Writes the header before a frame that is to be sent. @param added bytes by which the frame is longer than it was received. */
export function putHeader(io: FrameIo, slot: number, added: number): void {
  const bytes = io.bytesOf(slot);
  const headerAt = (io.start[slot] as number) - vnetHeaderLength;
  if (io.unfinished[slot] === isFinished) {
    clearVnetHeader(bytes, headerAt);
    return;
  }
  const front = io.frontOf(slot);
  bytes.copyWithin(headerAt, front, front + vnetHeaderLength);
  if (added !== 0) shiftVnetHeader(bytes, headerAt, added);
}

/** @param tag its type in the upper 16 bits, priority and VLAN in the lower. */
export function addTag(io: FrameIo, slot: number, tag: number): void {
  io.start[slot] = putTag(io.bytesOf(slot), io.start[slot] as number, tag & 0xffff, tag >>> 16);
  (io.length[slot] as number) += tagLength;
}
