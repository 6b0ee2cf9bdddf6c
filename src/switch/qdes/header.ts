/**
 * The header of QDES, the QEMU Distributed Ethernet Switch: eight bytes before each Ethernet frame in a datagram, in
 * network byte order (docs/qdes.md). Nothing here copies, allocates or throws, whatever the bytes are.
 */

export const headerSize = 8;
const version = 1;

/** An Ethernet frame follows. */
export const frameType = 0;
/** Eight bytes follow that a reply is to hold: who is there? */
export const helloType = 1;
/** The eight bytes of the hello follow. */
export const replyType = 2;
/** Nothing follows: the sender leaves. */
export const byeType = 3;
/** In place of a type: it is no header, or one of another version. */
export const malformed = -1;

/** Bytes behind the header of a hello and its reply. */
export const stampSize = 8;

/** Flag: what follows is sealed, with a key of the network. */
export const sealedFlag = 1;

/**
 * @param at the header's first byte, of eight that are there.
 * @param network 0 to 65535.
 * @param sender the instance that sends, 32 bits.
 * @param flags 0 or sealedFlag.
 */
export function writeHeader(
  bytes: Uint8Array,
  at: number,
  type: number,
  network: number,
  sender: number,
  flags = 0,
): void {
  bytes[at] = (version << 4) | type;
  bytes[at + 1] = flags;
  bytes[at + 2] = network >>> 8;
  bytes[at + 3] = network;
  writeWord(bytes, at + 4, sender);
}

/** Whether the sender says that it is sealed. */
export function isSealed(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 1] === sealedFlag;
}

/**
 * @param at the header's first byte, of eight that are there.
 * @param length bytes of the message, behind the header and the seal; below 0: it is cut short.
 * @param flags that the network's datagrams have: 0 or sealedFlag.
 * @returns malformed also where there are other flags, or a type that this version does not know, or where a message is
 * not as long as its type.
 */
export function typeAt(bytes: Uint8Array, at: number, length: number, flags = 0): number {
  const type = (bytes[at] as number) & 0x0f;
  if (length < 0 || (bytes[at] as number) >>> 4 !== version || bytes[at + 1] !== flags) return malformed;
  if (type === frameType) return frameType;
  if (type > byeType) return malformed;
  return length === (type === byeType ? 0 : stampSize) ? type : malformed;
}

export function networkAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
}

/** As writeHeader() takes it: a signed number. */
export function senderAt(bytes: Uint8Array, at: number): number {
  return wordAt(bytes, at + 4);
}

/** What a hello asks to have back: a token that tells it from one of others, and when it was sent. */
export function writeStamp(bytes: Uint8Array, at: number, token: number, microseconds: number): void {
  writeWord(bytes, at, token);
  writeWord(bytes, at + 4, microseconds);
}

export function tokenAt(bytes: Uint8Array, at: number): number {
  return wordAt(bytes, at);
}

/** Microseconds from when the stamp was written until now: both count modulo 2^32. */
export function ageAt(bytes: Uint8Array, at: number, microseconds: number): number {
  return (microseconds - wordAt(bytes, at + 4)) >>> 0;
}

/** @param word of which the lower 32 bits are written. */
export function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

/** A signed number. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
