/**
 * Files of captured frames: pcapng (draft-ietf-opsawg-pcapng), version 1.0, little-endian, of Ethernet frames with times in
 * microseconds. Bytes are written here, and whole blocks found in a stream of them.
 */

/** Types of blocks. */
export const blockTypes = { section: 0x0a0d_0d0a, interface: 1, statistics: 5, packet: 6 } as const;

const linkTypeEthernet = 1;
/** Codes of options; some mean another thing in another block. */
const option = { end: 0, name: 2, description: 3, flags: 2, received: 4, dropped: 5, program: 4 } as const;

/** How a frame went, seen from the switch. */
export type Direction = 'in' | 'out';
const directionFlags = { in: 1, out: 2 } as const;

const wordsOf64 = 2 ** 32;

/** The block that a file begins with. @param program who wrote it. */
export function sectionBlock(program: string): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(0x1a2b_3c4d, 0);
  body.writeUInt16LE(1, 4);
  // Of a length that is not known
  body.fill(0xff, 8, 16);
  return block(blockTypes.section, body, text(option.program, program), end);
}

/** Interfaces are numbered from 0 in the order of their blocks. */
export function interfaceBlock(name: string, description: string): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(linkTypeEthernet, 0);
  return block(blockTypes.interface, body, text(option.name, name), text(option.description, description), end);
}

/**
 * @param time microseconds since 1970.
 * @param bytes what was kept of the frame, which are copied.
 * @param length bytes of all of it.
 */
export function packetBlock(
  interfaceId: number,
  direction: Direction,
  time: number,
  bytes: Uint8Array,
  length: number,
): Buffer {
  const body = Buffer.alloc(20);
  body.writeUInt32LE(interfaceId, 0);
  writeTime(body, time, 4);
  body.writeUInt32LE(bytes.length, 12);
  body.writeUInt32LE(length, 16);
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(directionFlags[direction]);
  return block(blockTypes.packet, body, padded(bytes), encodeOption(option.flags, flags), end);
}

/** @param dropped frames that came and that the file does not have. */
export function statisticsBlock(interfaceId: number, time: number, received: number, dropped: number): Buffer {
  const body = Buffer.alloc(12);
  body.writeUInt32LE(interfaceId, 0);
  writeTime(body, time, 4);
  return block(blockTypes.statistics, body, count(option.received, received), count(option.dropped, dropped), end);
}

/** The last count of frames that an interface lost. */
export interface Lost {
  readonly interfaceId: number;
  readonly frames: number;
}

/** @param bytes a statistics block as statisticsBlock() makes it. */
export function readLost(bytes: Buffer): Lost | undefined {
  let at = 20;
  while (at + 4 <= bytes.length - 4) {
    const [code, size] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)];
    if (code === option.end) return undefined;
    if (code === option.dropped && size === 8 && at + 12 <= bytes.length) {
      return { interfaceId: bytes.readUInt32LE(8), frames: Number(bytes.readBigUInt64LE(at + 4)) };
    }
    at += 4 + size + ((4 - (size % 4)) % 4);
  }
  return undefined;
}

/** Whole blocks out of a stream that may be cut anywhere. */
export class BlockReader {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * @param bytes the next ones; they must not change afterwards.
   * @returns blocks that are whole by now; undefined: this is no pcapng.
   */
  push(bytes: Buffer): Buffer[] | undefined {
    let left = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const blocks: Buffer[] = [];
    while (left.length >= 8) {
      const length = left.readUInt32LE(4);
      if (length < 12 || length % 4 !== 0 || length > longestBlock) return undefined;
      if (left.length < length) break;
      blocks.push(left.subarray(0, length));
      left = left.subarray(length);
    }
    this.#rest = left;
    return blocks;
  }
}

const longestBlock = 1 << 20;

function block(type: number, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 12);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, ...parts, head.subarray(4)], length);
}

const end = encodeOption(option.end, Buffer.alloc(0));

function text(code: number, value: string): Buffer {
  return encodeOption(code, Buffer.from(value));
}

function count(code: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return encodeOption(code, bytes);
}

function encodeOption(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, padded(value)]);
}

function padded(bytes: Uint8Array): Buffer {
  const whole = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
}

function writeTime(body: Buffer, time: number, at: number): void {
  const whole = Math.floor(time);
  body.writeUInt32LE(Math.floor(whole / wordsOf64), at);
  body.writeUInt32LE(whole % wordsOf64, at + 4);
}
