/**
 * The address that the broker gives a guest which asked for none. A user's ports on a network have successive
 * addresses of the rule's prefix, and where they begin is a hash of user and network: the first port has the same
 * address today and tomorrow, the second the next one, and another user's are elsewhere.
 */
import { createHash } from 'node:crypto';
import { type Mac, type MacPrefix, numberToMac } from '../core/mac.js';
import type { NetworkName } from '../core/names.js';

const starts = new Map<string, number>();
const mostStarts = 4096;
/** So many ports get the lowest number that is free, one by one. */
const counted = 16;

/**
 * The address of the lowest port number whose address is free; past the first 16 of a free number right after one that
 * is in use, which is the lowest where none in between was given back. Never multicast, never zero.
 * @param inUse is asked with addresses as 48-bit numbers, first byte on the wire most significant.
 * @returns undefined when every address of the prefix is in use.
 */
export function chooseMac(
  prefix: MacPrefix,
  uid: number,
  network: NetworkName,
  inUse: (address: number) => boolean,
): Mac | undefined {
  // 40 bits at most, so that plain numbers hold every sum
  const size = 2 ** (48 - prefix.length);
  const base = Number(prefix.base);
  const start = startOf(`${uid}/${network}`) % size;
  const address = (port: number) => base + ((start + port) % size);
  const free = (port: number) => address(port) !== 0 && !inUse(address(port));
  const port =
    freeOneByOne(free, 0, Math.min(counted, size)) ?? freeByDoubling(free, size) ?? freeOneByOne(free, counted, size);
  return port === undefined ? undefined : numberToMac(address(port));
}

/** Where the addresses of a user on a network begin: 48 bits of a hash, which takes longer than all the rest. */
function startOf(key: string): number {
  const known = starts.get(key);
  if (known !== undefined) return known;
  const start = createHash('sha256').update(key).digest().readUIntBE(0, 6);
  if (starts.size >= mostStarts) starts.clear();
  starts.set(key, start);
  return start;
}

function freeOneByOne(free: (port: number) => boolean, from: number, end: number): number | undefined {
  for (let port = from; port < end; port++) if (free(port)) return port;
  return undefined;
}

/** Finds the end of a run in a few steps: with 1,000 ports in use, 16 look-ups and not 1,000. */
function freeByDoubling(free: (port: number) => boolean, size: number): number | undefined {
  let used = counted - 1;
  let open = counted;
  while (open < size && !free(open)) [used, open] = [open, open * 2];
  if (open >= size) return undefined;
  while (open - used > 1) {
    const middle = Math.floor((used + open) / 2);
    if (free(middle)) open = middle;
    else used = middle;
  }
  return open;
}
