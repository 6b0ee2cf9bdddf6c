/** Reads the attributes of a netlink message. What is malformed ends the reading; nothing throws. */
import { native } from '../native.js';
import { align, type NetlinkBytes } from './bytes.js';

const { NLA_TYPE_MASK, nlattr: header } = native.constants;
/** Types from here on are passed over. IFLA_* has about 70. */
const types = 96;

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Attributes of one level, by type; of a repeated one the last. Those that are missing read as 0 or empty. */
export class Attributes {
  readonly #memory: NetlinkBytes;
  /** Offsets of the payloads; 0 where there is none. */
  readonly #at = new Uint32Array(types);

  /** @param from offset in bytes of the first attribute. @param end offset behind the last. */
  constructor(memory: NetlinkBytes, from: number, end: number) {
    this.#memory = memory;
    const { u16 } = memory;
    const payloads = this.#at;
    // A loop of its own, not eachAttribute: without a compiler (--jitless) the calls would be half of a link's time.
    for (let at = from; at + header <= end; ) {
      const length = u16[at >> 1] as number;
      if (length < header || at + length > end) return;
      const type = (u16[(at >> 1) + 1] as number) & NLA_TYPE_MASK;
      if (type < types) payloads[type] = at + header;
      at = (at + length + 3) & ~3;
    }
  }

  has(type: number): boolean {
    return this.#at[type] !== 0;
  }

  u8(type: number): number {
    const at = this.#at[type] as number;
    return this.#size(at) < 1 ? 0 : (this.#memory.bytes[at] as number);
  }

  /** @param offset in bytes, for a member of a structure. */
  u16(type: number, offset = 0): number {
    const at = this.#at[type] as number;
    return this.#size(at) < offset + 2 ? 0 : (this.#memory.u16[(at + offset) >> 1] as number);
  }

  u32(type: number): number {
    const at = this.#at[type] as number;
    return this.#size(at) < 4 ? 0 : (this.#memory.u32[at >> 2] as number);
  }

  /** UTF-8, with a NUL at its end or without. */
  text(type: number): string {
    const at = this.#at[type] as number;
    const end = at + this.#size(at);
    if (end === at) return '';
    return this.#memory.bytes.toString('utf8', at, this.#memory.bytes[end - 1] === 0 ? end - 1 : end);
  }

  /** As `52:54:00:12:34:56`; empty where it is not of 6 bytes. */
  mac(type: number): string {
    const at = this.#at[type] as number;
    if (this.#size(at) !== 6) return '';
    const { bytes } = this.#memory;
    const pair = (offset: number) => hex[bytes[at + offset] as number];
    return `${pair(0)}:${pair(1)}:${pair(2)}:${pair(3)}:${pair(4)}:${pair(5)}`;
  }

  /** Its bytes, as hexadecimal digits. */
  hex(type: number): string {
    const at = this.#at[type] as number;
    return this.#memory.bytes.toString('hex', at, at + this.#size(at));
  }

  /** The attributes inside one; none where it is missing. */
  nested(type: number): Attributes {
    const at = this.#at[type] as number;
    return new Attributes(this.#memory, at, at + this.#size(at));
  }

  /** Bytes of the payload that begins there; 0 for an attribute that is missing. */
  #size(at: number): number {
    return at === 0 ? 0 : (this.#memory.u16[(at - header) >> 1] as number) - header;
  }
}

/** Calls `visit` with type, beginning and end of each payload. */
export function eachAttribute(
  { u16 }: NetlinkBytes,
  from: number,
  end: number,
  visit: (type: number, at: number, end: number) => void,
): void {
  for (let at = from; at + header <= end; ) {
    const length = u16[at >> 1] as number;
    if (length < header || at + length > end) return;
    visit((u16[(at >> 1) + 1] as number) & NLA_TYPE_MASK, at + header, at + length);
    at += align(length);
  }
}
