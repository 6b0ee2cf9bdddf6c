import { randomFillSync } from 'node:crypto';
import t from 'tap';
import { formatPortLabel } from '../../src/core/port-label.js';
import { writeAddress } from '../../src/kernel/address-book.js';
import type { ReportOrder } from '../../src/protocol/inspect-order.js';
import type { PlugOrder } from '../../src/protocol/switch-order.js';
import { Counters } from '../../src/switch/counters.js';
import { dropCode } from '../../src/switch/drop-reason.js';
import { Fdb } from '../../src/switch/fdb.js';
import { AddressHash } from '../../src/switch/hash.js';
import { PeerTable } from '../../src/switch/qdes/peer-table.js';
import { type ReportSources, reportTexts } from '../../src/switchd/report.js';
import { station } from '../support/frames.js';
import { mac, name } from '../support/policy.js';

const grant = {
  ...{ id: '1a2b3c4d' as never, uid: 1000, gid: 100, network: name('lab'), form: 'dgram' as const },
  ...{ mac: mac('52:54:00:12:34:56'), holder: 4242, since: 1_000_000 },
};
const order = (port: number, network: number, label: string, uplink = false): PlugOrder => ({
  ...{ port, network, kind: uplink ? 'multicast' : 'dgram', uplink, isolated: false, locked: true },
  ...{ maxAddresses: 1, maxFrame: 1518, addresses: [], label },
});
const hash = new AddressHash(randomFillSync);
const counters = new Counters(8);
counters.received(1, 60);
counters.dropped(1, dropCode.locked, 3);
const fdb = new Fdb(100_000, hash);
fdb.add(0, station(1), 0, 1, 0, 90);
fdb.fix(fdb.add(0, station(2), 0, 1, 0, 0));
fdb.add(0, station(3), 0, 0, 0, 100);
fdb.add(4, station(4), 0, 1, 0, 100);
// Another thread, whose clock began later
const late = { counters: new Counters(8), fdb: new Fdb(100, hash), clockOffset: 50 };
late.counters.received(2, 1500);
late.fdb.add(3, station(5), 0, 2, 0, 48);
const peers = new PeerTable(2, 2, hash);
const address = new Uint8Array(32);
writeAddress({ address: '2001:db8::7', port: 7755 }, address, 0)._unsafeUnwrap();
const peer = peers.add(address, 0, true, 0);
peers.hear(peer, 1, 97.5);
peers.measure(peer, 123.4);

const sources: ReportSources = {
  facts: { pid: 7, since: 1000, mostPorts: 8, mostAddresses: 16, threads: 2, mostThreads: 3, slabs: 1000 },
  ports: [
    { thread: 0, order: order(0, 0, 'lab', true), peers: peers.memory },
    { thread: 0, order: order(1, 0, formatPortLabel({ network: name('lab'), guest: { grant, mtu: 1500 } })) },
    { thread: 2, order: order(2, 3, 'other', true) },
    { thread: 2, order: order(3, 3, 'a label of nobody') },
    { thread: 1, order: order(4, 5, 'of a thread that does not run yet', true) },
  ],
  tables: new Map([
    [0, { counters, fdb: fdb.memory, clockOffset: 0 }],
    [2, { ...late, fdb: late.fdb.memory }],
  ]),
  clock: 100.9,
};

function lines(change: Partial<ReportOrder> = {}): Record<string, unknown>[] {
  const texts = [...reportTexts(sources, { order: 'report', account: 0, ports: 'all', addresses: true, ...change })];
  return texts
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

t.test('all of it', async (t) => {
  const told = lines();
  t.same(
    told.map(({ tell }) => tell),
    [...['switch', 'network', 'network', 'port', 'port', 'port', 'peer'], ...Array(4).fill('address'), 'end'],
  );
  t.same(told[0], { tell: 'switch', ...sources.facts, clock: 100.9, ports: 3, addresses: 5 });
  t.same(told[1], { tell: 'network', network: 'lab', thread: 0, ports: 1, addresses: 3 });
  t.same(told[2], { tell: 'network', network: 'other', thread: 2, ports: 0, addresses: 1 });
  t.match(told[5], { port: 2, rxBytes: 1500, addresses: 1 }, 'each by the counters of its thread');
  t.match(told[4], { port: 1, network: 'lab', grant: '1a2b3c4d', uid: 1000, holder: 4242, locked: true, rxBytes: 60 });
  t.same(told[4]?.['drops'], { locked: 3 });
  t.match(told[3], { port: 0, uplink: true, grant: null, uid: null, mac: null, holder: null, since: null });
  const heard = { port: 0, address: '[2001:db8::7]:7755', named: true, age: 3, roundTrip: 123 };
  t.same(told[6], { tell: 'peer', network: 'lab', ...heard });
  const known = told.filter(({ tell }) => tell === 'address');
  t.same(
    known.sort((a, b) => (String(a['address']) < String(b['address']) ? -1 : 1)).map(({ age }) => age),
    [10, null, 0, 2],
    'and not what is half written, of another network than its port’s',
  );
});

t.test('some of it', async (t) => {
  const own = lines({ ports: [1] });
  t.same(
    own.map(({ tell }) => tell),
    ['switch', 'network', 'port', 'address', 'address', 'end'],
  );
  t.match(own[0], { ports: null, addresses: null });
  t.notOk(
    lines({ ports: [0] }).some(({ tell }) => tell === 'address'),
    'nobody is told who is behind an uplink',
  );
  t.notOk(lines({ addresses: false }).some(({ tell }) => tell === 'address'));
  t.same(
    lines({ ports: [] }).map(({ tell }) => tell),
    ['switch', 'end'],
  );
});
