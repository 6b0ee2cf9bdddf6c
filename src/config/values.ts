/** The kinds of value that a key can have. Each parser says what is wrong and what is allowed. */
import { ok, type Result } from 'neverthrow';
import { type MacPrefix, parseMacPrefix } from '../core/mac.js';
import { type ValueError, valueError } from '../core/names.js';
import { refuse, show } from './refuse.js';

export type ParseValue<T> = (text: string) => Result<T, ValueError>;

export function parseYesNo(text: string): Result<boolean, ValueError> {
  return text === 'yes' || text === 'no' ? ok(text === 'yes') : refuse(`${show(text)} is not allowed; write yes or no`);
}

/** Decimal, without sign and leading zeros. */
export function parseInteger(least: number, most: number): ParseValue<number> {
  return (text) => {
    const value = /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most
      ? ok(value)
      : refuse(`${show(text)} is not a number from ${least} to ${most}`);
  };
}

export function parseOneOf<T extends string>(...allowed: readonly T[]): ParseValue<T> {
  return (text) => {
    const value = allowed.find((one) => one === text);
    return value !== undefined ? ok(value) : refuse(`${show(text)} is not allowed; allowed is ${allowed.join(' or ')}`);
  };
}

/** The least is what IPv4 asks of a link (RFC 791), the most what the tun driver takes. */
export function parseMtu(text: string): Result<number | 'inherit', ValueError> {
  if (text === 'inherit') return ok(text);
  return parseInteger(68, 65_521)(text).mapErr(({ what }) => valueError(`${what}, or inherit`));
}

/** Permission bits of a socket, in octal: read and write only. */
export function parseSocketMode(text: string): Result<number, ValueError> {
  const mode = /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : 0o7777;
  if ((mode & ~0o666) === 0) return ok(mode);
  return refuse(`${show(text)} is not the mode of a socket; write 3 octal digits of 0 2 4 6, as 0660`);
}

export function parseAbsolutePath(text: string): Result<string, ValueError> {
  const sound = text.startsWith('/') && !text.endsWith('/') && !text.split('/').includes('..');
  return sound && Buffer.byteLength(text) < 4096
    ? ok(text)
    : refuse(`${show(text)} is not an absolute path of a file; write it from / on, without ..`);
}

/** Addresses for guests: not among those that the broker gives its own taps (fe:fd:…). */
export function parseGuestPrefix(text: string): Result<MacPrefix, ValueError> {
  return parseMacPrefix(text).andThen((prefix) => {
    const bits = BigInt(48 - Math.min(prefix.length, 16));
    const overlaps = prefix.base >> bits === 0xfe_fd_00_00_00_00n >> bits;
    return overlaps
      ? refuse(`${text} holds fe:fd:00:00:00:00/16, which the host's side uses; take another prefix`)
      : ok(prefix);
  });
}
