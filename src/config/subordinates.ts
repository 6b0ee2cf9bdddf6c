/**
 * The file /etc/subuid (subuid(5)): which uids a user may take by newuidmap(1). It is read as the tools of shadow read
 * it: what they pass over is passed over here, and what they take is taken, or a user had uids that we do not know of.
 */
import { err, ok, type Result } from 'neverthrow';
import type { SubordinateRange } from '../core/config.js';
import type { ValueError } from '../core/names.js';
import { missing, readPlainFile } from './trusted-file.js';

/** (uid_t) -1 is no user. */
const highest = 4_294_967_294;
/** Bytes, from which on shadow takes a line for malformed. */
const longest = 1024;

/**
 * An absent file holds no ranges; any other that cannot be read is an error. Whoever owns it: who may write there can be
 * anybody by newuidmap itself.
 *
 * @param userId the uid of a name; undefined: there is no such user.
 */
export function readSubordinates(
  file: string,
  userId: (name: string) => number | undefined,
): Result<readonly SubordinateRange[], ValueError> {
  const known = new Map<string, number | undefined>();
  const remembered = (name: string) => {
    if (!known.has(name)) known.set(name, userId(name));
    return known.get(name);
  };
  return readPlainFile(file)
    .map((bytes) => parseSubordinates(Buffer.from(bytes).toString('utf8'), remembered))
    .orElse((error) => (error.what === missing ? ok([]) : err(error)));
}

/** Lines of the form `owner:first:count`; the owner is a name or a number. */
export function parseSubordinates(
  text: string,
  userId: (name: string) => number | undefined,
): readonly SubordinateRange[] {
  return text.split('\n').flatMap((line): SubordinateRange[] => {
    const [owner = '', start = '', length = ''] = Buffer.byteLength(line) < longest ? line.split(':') : [];
    const [from, count] = [parseNumber(start), parseNumber(length)];
    // A comment to people alone: to shadow it is the range of a user whom no host can have
    if (owner === '' || owner.startsWith('#') || from === undefined || count === undefined) return [];
    // Root is root already, in whatever range; so are root's own ranges nobody's in particular
    const [first, last] = [Math.max(from, 1), Math.min(from + count - 1, highest)];
    const uid = /^\d+$/.test(owner) ? Number(owner) : userId(owner);
    const meant = uid !== undefined && uid > 0 && uid <= highest;
    return first > last ? [] : [{ owner: meant ? uid : undefined, first, last }];
  });
}

/** As strtoul(3) with base 0: decimal, octal from 0 on, hexadecimal from 0x on. */
function parseNumber(text: string): number | undefined {
  const [, hex, octal, decimal] = /^[ \t\v\f\r]*\+?(?:0x([\da-f]+)|(0[0-7]*)|([1-9]\d*))$/i.exec(text) ?? [];
  if (hex !== undefined) return Number.parseInt(hex, 16);
  if (octal !== undefined) return Number.parseInt(octal, 8);
  return decimal === undefined ? undefined : Number(decimal);
}
