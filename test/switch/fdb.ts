/** The table against a Map, with entries that come and go, and addresses that were chosen to collide. */
import { randomFillSync } from 'node:crypto';
import t from 'tap';
import { Fdb, none, readSlot } from '../../src/switch/fdb.js';
import { AddressHash } from '../../src/switch/hash.js';
import { station } from '../support/frames.js';
import { randomNumbers } from '../support/random.js';

const worst = { ofWords: () => 0xfffffffe } as unknown as AddressHash;

for (const [name, hash, steps] of [
  ['spread', new AddressHash(randomFillSync), 40_000],
  ['all in one place', worst, 4000],
] as const) {
  t.test(`as a Map does, addresses ${name}`, async (t) => {
    const random = randomNumbers(77);
    const fdb = new Fdb(64, hash);
    const map = new Map<string, { port: number; peer: number }>();
    for (let step = 0; step < steps; step += 1) {
      const network = random(2) * 65_535;
      const address = station(random(80));
      const key = `${network} ${address}`;
      const slot = fdb.find(network, address, 0);
      const known = map.get(key);
      if ((slot === none) !== (known === undefined)) throw new Error(`step ${step}`);
      if (known !== undefined) {
        if (fdb.portOf(slot) !== known.port || fdb.peerOf(slot) !== known.peer) throw new Error(`step ${step}`);
        if (random(2) === 0) {
          fdb.remove(slot);
          map.delete(key);
        }
      } else if (!fdb.full) {
        const [port, peer] = [random(1000), random(50)];
        fdb.add(network, address, 0, port, peer, step);
        map.set(key, { port, peer });
      }
      if (fdb.size !== map.size) throw new Error(`step ${step}: ${fdb.size} and ${map.size}`);
    }
    t.ok(map.size > 0);
  });
}

t.test('an entry tells what it is', async (t) => {
  const fdb = new Fdb(4, new AddressHash(randomFillSync));
  const address = Uint8Array.of(0xfe, 0xff, 0x80, 0x81, 0xc0, 0x01);
  const slot = fdb.add(40_000, address, 0, 3, 9, 17);
  t.same(readSlot(fdb.memory, slot)?.address, address);
  t.same([fdb.networkOf(slot), fdb.portOf(slot), fdb.peerOf(slot), fdb.seenAt(slot)], [40_000, 3, 9, 17]);
  t.notOk(fdb.isPermanent(slot));
  fdb.fix(slot);
  t.ok(fdb.isPermanent(slot));
  t.equal(fdb.find(40_001, address, 0), none, 'of its own network alone');
});

t.test('a slot that is taken again is as new', async (t) => {
  const fdb = new Fdb(4, worst);
  fdb.fix(fdb.add(0, station(1), 0, 1, 0, 0));
  fdb.remove(fdb.find(0, station(1), 0));
  t.notOk(fdb.isPermanent(fdb.add(0, station(2), 0, 1, 0, 0)));
});
