/** Learning, moving, ageing, limits. */
import { randomFillSync } from 'node:crypto';
import t from 'tap';
import { Counters } from '../../src/switch/counters.js';
import { dropReasons } from '../../src/switch/drop-reason.js';
import { Fdb, none } from '../../src/switch/fdb.js';
import { AddressHash } from '../../src/switch/hash.js';
import { accepted, Learner } from '../../src/switch/learn.js';
import { PortTable } from '../../src/switch/port-table.js';
import { broadcast, frame, station } from '../support/frames.js';

const options = { network: 1, uplink: false, isolated: false, locked: false, maxAddresses: 2 };

function scene() {
  const fdb = new Fdb(8, new AddressHash(randomFillSync));
  const ports = new PortTable(3);
  const counters = new Counters(3);
  ports.add(0, options);
  ports.add(1, options);
  ports.add(2, { ...options, locked: true });
  const learner = new Learner(fdb, ports, counters, 300);
  const learn = (port: number, source: Uint8Array, now = 0) => {
    const code = learner.learn(port, 0, frame(broadcast, source), 0, now);
    return code === accepted ? 'accepted' : dropReasons[code];
  };
  const portOf = (address: Uint8Array) => {
    const slot = fdb.find(1, address, 0);
    return slot === none ? undefined : fdb.portOf(slot);
  };
  return { fdb, ports, counters, learner, learn, portOf };
}

t.test('an address is where it was seen last', async (t) => {
  const { learn, portOf, counters, ports } = scene();
  t.equal(learn(0, station(1)), 'accepted');
  t.equal(portOf(station(1)), 0);
  learn(1, station(1));
  t.equal(portOf(station(1)), 1);
  t.equal(counters.of(1).moves, 1);
  t.same([ports.addressesOf(0), ports.addressesOf(1)], [0, 1]);
  learn(0, station(1), 302);
  t.equal(counters.of(0).moves, 0, 'what has aged does not move: it is new');
});

t.test('a port has so many addresses and no more', async (t) => {
  const { learn, portOf, counters } = scene();
  for (const number of [1, 2, 3]) t.equal(learn(0, station(number)), 'accepted');
  t.equal(portOf(station(3)), undefined);
  t.equal(counters.of(0).notLearned, 1);
  learn(1, station(4));
  learn(0, station(4));
  t.equal(portOf(station(4)), 1, 'nor does it take those of others');
});

t.test('no station has such an address', async (t) => {
  const { learn } = scene();
  t.equal(learn(0, broadcast), 'bad-source');
  t.equal(learn(0, new Uint8Array(6)), 'bad-source');
});

t.test('fixed addresses', async (t) => {
  const { learner, learn, portOf, ports, fdb } = scene();
  learn(0, station(9));
  t.ok(learner.fix(2, station(9), 0), 'it takes one that was learned elsewhere');
  t.equal(ports.addressesOf(0), 0);
  t.notOk(learner.fix(1, station(9), 0));
  t.ok(learner.fix(2, station(9), 0));
  t.equal(learn(0, station(9)), 'spoofed');
  t.equal(learn(2, station(9)), 'accepted');
  t.equal(learn(2, station(8)), 'locked');
  learn(0, station(7));
  t.equal(learn(2, station(7)), 'locked', 'of another port too');
  learner.sweep(0, fdb.slots, 10_000);
  t.equal(portOf(station(9)), 2, 'does not age');
  t.equal(portOf(station(7)), undefined, 'has aged');
  learner.forget(2);
  t.equal(fdb.size, 0);
});

t.test('no room for a fixed address', async (t) => {
  const { learner, fdb } = scene();
  for (let i = 0; i < 12; i += 1) t.ok(learner.fix(0, station(i), 0));
  t.notOk(learner.fix(0, station(12), 0));
  t.equal(fdb.size, 12);
});

t.test('addresses of others do not keep a fixed one out', async (t) => {
  const { fdb, ports, learner, portOf } = scene();
  ports.add(0, { ...options, maxAddresses: 8 });
  for (let number = 1; number <= 8; number += 1) learner.learn(0, 0, frame(broadcast, station(number)), 0, 0);
  t.ok(fdb.full);
  t.ok(learner.fix(2, station(20), 0));
  t.equal(portOf(station(20)), 2);
  for (let number = 21; number <= 23; number += 1) t.ok(learner.fix(2, station(number), 0));
  t.notOk(learner.fix(2, station(24), 0), 'some places stay free');
});

t.test('a port is forgotten with all its addresses, and without looking for any that it has not', async (t) => {
  let looks = 0;
  class Watched extends Fdb {
    override portOf(slot: number): number {
      looks += 1;
      return super.portOf(slot);
    }
  }
  const fdb = new Watched(64, new AddressHash(randomFillSync));
  const ports = new PortTable(3);
  const learner = new Learner(fdb, ports, new Counters(3), 300);
  for (let round = 0; round < 50; round += 1) {
    for (const port of [0, 1, 2]) ports.add(port, { ...options, maxAddresses: 20 });
    for (let number = 0; number < 15; number += 1) learner.learn(0, 0, frame(broadcast, station(number)), 0, 0);
    for (let number = 10; number < 20; number += 1) t.ok(learner.fix(1, station(number), 0));
    learner.learn(0, 0, frame(broadcast, station(30)), 0, 0);
    looks = 0;
    learner.forget(2);
    t.equal(looks, 0);
    learner.forget(1);
    t.same([fdb.size, ports.addressesOf(0)], [11, 11], 'the others are as they were');
    learner.forget(0);
    t.same([fdb.size, ports.addressesOf(0)], [0, 0]);
    for (const port of [0, 1, 2]) ports.remove(port);
  }
});
