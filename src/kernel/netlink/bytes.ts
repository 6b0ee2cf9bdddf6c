/** Memory for netlink messages, seen as bytes and as numbers at once: netlink is in host byte order and aligned to 4. */
export class NetlinkBytes {
  readonly bytes: Buffer;
  /** Indexed by half the offset in bytes. */
  readonly u16: Uint16Array;
  /** Indexed by a quarter of the offset in bytes. */
  readonly u32: Uint32Array;

  /** @param size bytes, a multiple of 4. */
  constructor(size: number) {
    const memory = new ArrayBuffer(size);
    this.bytes = Buffer.from(memory);
    this.u16 = new Uint16Array(memory);
    this.u32 = new Uint32Array(memory);
  }
}

/** The next multiple of 4: where the next message or attribute begins (NLMSG_ALIGN, NLA_ALIGN). */
export function align(offset: number): number {
  return (offset + 3) & ~3;
}
