/** Addresses that somebody has chosen so that they would lie on top of each other cost no more steps than any others. */
import { randomFillSync } from 'node:crypto';
import t from 'tap';
import { Fdb, type FdbMemory, none } from '../../src/switch/fdb.js';
import { AddressHash } from '../../src/switch/hash.js';
import { station } from '../support/frames.js';
import { randomNumbers } from '../support/random.js';

const [slots, count] = [2048, 1000];
const network = 1;

/** A hash without a key, as whoever reads the source could know it: FNV-1a. */
function knownHash(address: Uint8Array): number {
  return address.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5 | 0) & (slots - 1);
}

/** The first `count` of them that are wanted. */
function choose(make: (i: number) => Uint8Array, wanted: (address: Uint8Array) => boolean = () => true): Uint8Array[] {
  const chosen: Uint8Array[] = [];
  for (let i = 1; chosen.length < count; i += 1) {
    const address = make(i);
    if (wanted(address)) chosen.push(address);
  }
  return chosen;
}

const random = randomNumbers(5);
const anyhow = () => Uint8Array.from({ length: 6 }, (_, i) => (i === 0 ? 2 : random(256)));

const choices: Readonly<Record<string, Uint8Array[]>> = {
  'any addresses': choose(anyhow),
  'in one place by a known hash': choose(station, (address) => knownHash(address) === 0),
  'the same at the end': choose((i) => Uint8Array.of(2, i >> 8, i & 0xff, 1, 2, 3)),
  'the same at the front': choose((i) => Uint8Array.of(2, 1, 2, 3, i >> 8, i & 0xff)),
  'each bit in turn': choose((i) => Uint8Array.of(2, i & 1, i >> 1 && 1, i >> 2 && 1, i >> 8, i & 0xff)),
};

/** How often the table's memory is read until all are in, and each has been found once. */
function looks(addresses: readonly Uint8Array[]): number {
  let count = 0;
  const watched = <T extends object>(array: T): T =>
    new Proxy(array, {
      get: (target, key) => {
        if (typeof key === 'string' && /^\d+$/.test(key)) count += 1;
        return Reflect.get(target, key, target);
      },
      set: (target, key, value) => Reflect.set(target, key, value, target),
    });
  const { memory } = new Fdb(addresses.length, new AddressHash(randomFillSync));
  const arrays = Object.entries<object>({ ...memory }).map(([name, array]) => [name, watched(array)]);
  const fdb = new Fdb(addresses.length, new AddressHash(randomFillSync), Object.fromEntries(arrays) as FdbMemory);
  for (const address of addresses) {
    if (fdb.find(network, address, 0) === none) fdb.add(network, address, 0, 0, 0, 0);
  }
  for (const address of addresses) if (fdb.find(network, address, 0) === none) throw new Error('not found');
  return count;
}

/** Each time with another key: some are worse than others. */
function usualLooks(addresses: readonly Uint8Array[]): number {
  const some = Array.from({ length: 9 }, () => looks(addresses)).sort((a, b) => a - b);
  return some[4] as number;
}

t.test('looks into the table to learn and to find a thousand addresses', async (t) => {
  const usual = usualLooks(choices['any addresses'] ?? []);
  for (const [title, addresses] of Object.entries(choices)) {
    t.equal(new Set(addresses.map((address) => address.join())).size, count);
    const own = usualLooks(addresses);
    t.ok(own > 3 * count && own < 1.5 * usual, `${title}: ${own}, and ${usual} for any`);
  }
  t.equal(new Set((choices['in one place by a known hash'] ?? []).map(knownHash)).size, 1, 'these were chosen well');
});

t.test('a table that is swept of them has no steps left over', async (t) => {
  const fdb = new Fdb(count, new AddressHash(randomFillSync));
  const addresses = choices['in one place by a known hash'] ?? [];
  for (let round = 0; round < 20; round += 1) {
    for (const address of addresses) fdb.add(network, address, 0, 0, 0, 0);
    t.equal(fdb.size, count);
    for (const address of addresses) fdb.remove(fdb.find(network, address, 0));
    t.equal(fdb.size, 0);
  }
});
