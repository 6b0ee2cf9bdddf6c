/** The way of a frame by its addresses; test/switch/switch.ts compares whole switches. */
import { randomFillSync } from 'node:crypto';
import t from 'tap';
import { dropReasons } from '../../src/switch/drop-reason.js';
import { Fdb } from '../../src/switch/fdb.js';
import { dropOf, Forwarder, floodAll, floodUnknown } from '../../src/switch/forward.js';
import { AddressHash } from '../../src/switch/hash.js';
import { PortTable } from '../../src/switch/port-table.js';
import { broadcast, frame, macBytes, station } from '../support/frames.js';

const options = { network: 1, uplink: false, isolated: false, locked: false, maxAddresses: 9 };

function scene() {
  const fdb = new Fdb(16, new AddressHash(randomFillSync));
  const ports = new PortTable(8);
  ports.add(0, options);
  ports.add(1, options);
  ports.add(2, { ...options, isolated: true });
  ports.add(3, { ...options, isolated: true });
  ports.add(4, { ...options, uplink: true });
  ports.add(5, { ...options, uplink: true });
  ports.add(6, { ...options, locked: true });
  ports.add(7, { ...options, network: 2 });
  for (let port = 0; port < 7; port += 1) fdb.add(1, station(port), 0, port, 0, 0);
  fdb.add(2, station(7), 0, 7, 0, 0);
  return { fdb, ports, forwarder: new Forwarder(fdb, ports, 300) };
}

t.test('to one port, or to none', async (t) => {
  const { fdb, forwarder } = scene();
  for (const [from, to, wanted] of [
    [0, 1, 1],
    [0, 2, 2],
    [2, 4, 4],
    [2, 6, 6],
    [0, 0, 'same-port'],
    [2, 3, 'isolated'],
    [4, 5, 'between-uplinks'],
  ] as const) {
    const verdict = forwarder.forward(from, frame(station(to), station(99)), 0, 0);
    const found = verdict >= 0 ? fdb.portOf(verdict) : dropReasons[dropOf(verdict)];
    t.equal(found, wanted, `${from} to ${to}`);
  }
});

t.test('to all', async (t) => {
  const { forwarder, ports } = scene();
  t.equal(forwarder.forward(0, frame(broadcast, station(0)), 0, 0), floodAll);
  t.equal(forwarder.forward(0, frame(station(99), station(0)), 0, 0), floodUnknown);
  t.equal(forwarder.forward(0, frame(station(7), station(0)), 0, 0), floodUnknown, 'of another network');
  t.equal(forwarder.forward(0, frame(station(1), station(0)), 0, 301), floodUnknown, 'aged');
  const reserved = forwarder.forward(0, frame(macBytes('01:80:c2:00:00:00'), station(0)), 0, 0);
  t.equal(dropReasons[dropOf(reserved)], 'reserved');
  const into = new Int32Array(ports.capacity);
  const flood = (from: number, unknown: boolean) => [...into.subarray(0, forwarder.flood(from, unknown, into))];
  t.same(flood(0, false), [1, 2, 3, 4, 5, 6]);
  t.same(flood(0, true), [1, 4, 5], 'not to those who see nothing that is not for them');
  t.same(flood(2, false), [0, 1, 4, 5, 6]);
  t.same(flood(4, false), [0, 1, 2, 3, 6], 'not to another uplink');
  t.same(flood(7, false), []);
});
