/** Builds one netlink message at a time in memory that is used again and again: header, structure, attributes. */
import { native } from '../native.js';
import { align, NetlinkBytes } from './bytes.js';

const { NLA_F_NESTED, nlattr: attributeHeader, nlmsghdr: header } = native.constants;
const length = native.constants['nlmsghdr.nlmsg_len'] >> 2;
const type = native.constants['nlmsghdr.nlmsg_type'] >> 1;
const flags = native.constants['nlmsghdr.nlmsg_flags'] >> 1;
const sequence = native.constants['nlmsghdr.nlmsg_seq'] >> 2;

/** Room for a port's 4,094 VLANs. */
const capacity = 1 << 16;

export class Message {
  readonly #memory = new NetlinkBytes(capacity);
  #size = 0;

  /** The memory, of which the message takes the first {@link size} bytes. */
  get bytes(): Buffer {
    return this.#memory.bytes;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Begins anew.
   * @param structure size in bytes of what follows the header, zeroed.
   * @returns the offset where it begins.
   */
  start(messageType: number, messageFlags: number, structure: number): number {
    this.#size = header + align(structure);
    // Not by Buffer's own fill(), which takes far longer for its checks
    this.#memory.u32.fill(0, 0, this.#size >> 2);
    this.#memory.u16[type] = messageType;
    this.#memory.u16[flags] = messageFlags;
    return header;
  }

  /** Fields of structures, by their offset in the message. */
  setU8(at: number, value: number): void {
    this.#memory.bytes[at] = value;
  }

  setU16(at: number, value: number): void {
    this.#memory.u16[at >> 1] = value;
  }

  setU32(at: number, value: number): void {
    this.#memory.u32[at >> 2] = value;
  }

  /** Adds an attribute. @param payload its size in bytes. @returns the offset where the payload begins. */
  add(attribute: number, payload: number): number {
    const at = this.#size;
    const end = at + attributeHeader + payload;
    if (align(end) > capacity) throw new RangeError('a netlink message grew beyond its memory');
    this.#memory.u32[(align(end) >> 2) - 1] = 0;
    this.#memory.u16[at >> 1] = end - at;
    this.#memory.u16[(at >> 1) + 1] = attribute;
    this.#size = align(end);
    return at + attributeHeader;
  }

  addU8(attribute: number, value: number): void {
    this.setU8(this.add(attribute, 1), value);
  }

  addU16(attribute: number, value: number): void {
    this.setU16(this.add(attribute, 2), value);
  }

  addU32(attribute: number, value: number): void {
    this.setU32(this.add(attribute, 4), value);
  }

  /** UTF-8 without a NUL, which NLA_STRING attributes do not need and IFLA_IFALIAS of full length has no room for. */
  addText(attribute: number, text: string): void {
    const at = this.add(attribute, Buffer.byteLength(text));
    this.#memory.bytes.write(text, at);
  }

  /** An Ethernet address written as `52:54:00:12:34:56`. */
  addMac(attribute: number, mac: string): void {
    const at = this.add(attribute, 6);
    this.#memory.bytes.write(mac.replaceAll(':', ''), at, 'hex');
  }

  /** Begins an attribute made of attributes. @returns what {@link endNest} takes. */
  startNest(attribute: number): number {
    return this.add(attribute | NLA_F_NESTED, 0);
  }

  endNest(start: number): void {
    const at = start - attributeHeader;
    this.setU16(at, this.#size - at);
  }

  /** Completes the header: the message can be sent. */
  finish(number: number): void {
    this.#memory.u32[length] = this.#size;
    this.#memory.u32[sequence] = number;
  }
}
