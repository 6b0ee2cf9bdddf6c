/**
 * The address that the broker gives a guest which asked for none. A user's ports on a network have successive
 * addresses of the rule's prefix, and where they begin is a hash of user and network: the first port has the same
 * address today and tomorrow, the second the next one, and another user's are elsewhere.
 */
import { createHash } from 'node:crypto';
import { type Mac, type MacPrefix, numberToMac } from '../core/mac.js';
import type { NetworkName } from '../core/names.js';

/** So many ports get the lowest number that is free, one by one. */
const counted = 16;

/**
 * The address of the lowest port number whose address is free; past the first 16 of a free number right after one that
 * is in use, which is the lowest where none in between was given back. Never multicast, never zero.
 * @returns undefined when every address of the prefix is in use.
 */
export function chooseMac(
  prefix: MacPrefix,
  uid: number,
  network: NetworkName,
  inUse: (mac: Mac) => boolean,
): Mac | undefined {
  // 40 bits at most, so that plain numbers hold every sum
  const size = 2 ** (48 - prefix.length);
  const base = Number(prefix.base);
  const start = createHash('sha256').update(`${uid}/${network}`).digest().readUIntBE(0, 6) % size;
  const address = (port: number) => numberToMac(BigInt(base + ((start + port) % size)));
  const free = (port: number) => base + ((start + port) % size) !== 0 && !inUse(address(port));
  const port =
    freeOneByOne(free, 0, Math.min(counted, size)) ?? freeByDoubling(free, size) ?? freeOneByOne(free, counted, size);
  return port === undefined ? undefined : address(port);
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
