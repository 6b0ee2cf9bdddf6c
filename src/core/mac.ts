/** Ethernet addresses and prefixes of them. */
import { err, ok, type Result } from 'neverthrow';
import { type ValueError, valueError } from './names.js';

declare const brand: unique symbol;
/** A unicast, non-zero Ethernet address as `52:54:00:12:34:56`: lower case, colons. */
export type Mac = string & { readonly [brand]: 'Mac' };

/** In a request: `any` has the broker choose, and promises that the guest will use what it chose. */
export type MacWish = Mac | 'any';

/** The addresses whose first `length` bits (0 to 47) are those of `base`. */
export interface MacPrefix {
  /** The first address, as a 48-bit number with the first byte on the wire most significant. */
  readonly base: bigint;
  readonly length: number;
}

const shape = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;

export function parseMac(text: string): Result<Mac, ValueError> {
  if (!shape.test(text)) {
    return err(valueError(`${JSON.stringify(text.slice(0, 40))} is not a MAC address; write it as 52:54:00:12:34:56`));
  }
  const value = macToNumber(text as Mac);
  if (value === 0n || (value >> 40n) & 1n) {
    return err(
      valueError(`${text} is a multicast or zero address; a NIC needs a unicast address as 52:54:00:12:34:56`),
    );
  }
  return ok(text.toLowerCase() as Mac);
}

export function parseMacWish(text: string): Result<MacWish, ValueError> {
  return text === 'any' ? ok(text) : parseMac(text);
}

/** `52:54:00:00:00:00/24`; bits after the prefix must be zero, and the prefix must leave one address at least. */
export function parseMacPrefix(text: string): Result<MacPrefix, ValueError> {
  const [address = '', bits = '', ...rest] = text.split('/');
  const length = Number(bits);
  if (!shape.test(address) || !/^\d{1,2}$/.test(bits) || rest.length > 0 || length > 47 || length < 8) {
    return err(
      valueError(
        `${JSON.stringify(text.slice(0, 40))} is not a MAC prefix; write it as 52:54:00:00:00:00/24, 8 to 47 bits`,
      ),
    );
  }
  const base = macToNumber(address as Mac);
  if ((base >> 40n) & 1n) return err(valueError(`${text} holds multicast addresses; the first byte must be even`));
  if (base & ((1n << BigInt(48 - length)) - 1n)) {
    return err(valueError(`${text} has bits set after the first ${length}; they must be zero`));
  }
  return ok({ base, length });
}

/** The address as a 48-bit number, first byte on the wire most significant. */
export function macToNumber(mac: Mac): bigint {
  return BigInt(`0x${mac.replaceAll(':', '')}`);
}

/** The inverse of {@link macToNumber}, of a plain number too; the caller vouches that it is a unicast address. */
export function numberToMac(value: bigint | number): Mac {
  const digits = value.toString(16).padStart(12, '0');
  const byte = (at: number) => digits.slice(2 * at, 2 * at + 2);
  return `${byte(0)}:${byte(1)}:${byte(2)}:${byte(3)}:${byte(4)}:${byte(5)}` as Mac;
}

export function prefixHolds(prefix: MacPrefix, mac: Mac): boolean {
  const shift = BigInt(48 - prefix.length);
  return macToNumber(mac) >> shift === prefix.base >> shift;
}

export function formatMacPrefix(prefix: MacPrefix): string {
  return `${numberToMac(prefix.base)}/${prefix.length}`;
}

/** The six bytes, first on the wire first. */
export function macToBytes(mac: Mac): Uint8Array {
  return Uint8Array.from(mac.split(':'), (pair) => Number.parseInt(pair, 16));
}
