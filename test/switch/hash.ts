/** Addresses that another key would put into one place are spread by ours. */
import { randomFillSync } from 'node:crypto';
import t from 'tap';
import { AddressHash, highWord, lowWord } from '../../src/switch/hash.js';
import { station } from '../support/frames.js';

t.test('the same key, the same hash; each table hashes for itself', async (t) => {
  const [one, other] = [new AddressHash(randomFillSync), new AddressHash(randomFillSync)];
  const address = station(5);
  t.equal(one.of(1, address, 0), one.of(1, address, 0));
  t.equal(one.of(1, address, 0), one.ofWords(lowWord(address, 0), highWord(address, 0, 1)));
  const differ = Array.from({ length: 64 }, (_, i) => one.of(1, station(i), 0) !== other.of(1, station(i), 0));
  t.ok(differ.includes(true));
});

t.test('addresses that collide under one key do not under another', async (t) => {
  const known = new AddressHash(randomFillSync);
  const chosen: Uint8Array[] = [];
  for (let i = 0; chosen.length < 256; i += 1) {
    const address = station(i);
    if ((known.of(0, address, 0) & 1023) === 0) chosen.push(address);
  }
  const places = new Map<number, number>();
  const secret = new AddressHash(randomFillSync);
  for (const address of chosen) {
    const place = secret.of(0, address, 0) & 1023;
    places.set(place, (places.get(place) ?? 0) + 1);
  }
  t.ok(Math.max(...places.values()) < 16, 'of 256 in 1,024 places');
});

t.test('the network counts', async (t) => {
  const hash = new AddressHash(randomFillSync);
  const places = new Set(Array.from({ length: 1000 }, (_, network) => hash.of(network, station(1), 0)));
  t.ok(places.size > 900);
});
