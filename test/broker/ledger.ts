import t from 'tap';
import { Ledger, type LinkEntry } from '../../src/broker/ledger.js';
import { macToNumber } from '../../src/core/mac.js';
import { parseGrantId } from '../../src/core/names.js';
import { interfaceName, mac, name } from '../support/policy.js';

const number = (text: string) => Number(macToNumber(mac(text)));

function entry(id: string, change: Partial<LinkEntry> = {}): LinkEntry {
  return {
    ...{ id: parseGrantId(id)._unsafeUnwrap(), uid: 1000, gid: 1000, network: name('lan'), form: 'tap' },
    ...{ mac: mac('52:54:00:00:00:01'), holder: 1, since: 1, ifname: interfaceName(`fdb${id}`) },
    ...{ ifindex: Number.parseInt(id, 16), master: 1, mtu: 1500, locked: false, state: 'up', settled: true },
    ...change,
  };
}

t.test('ports are counted by user and network', async (t) => {
  const ledger = new Ledger();
  const [a, b, c] = [entry('00000001'), entry('00000002', { network: name('lab') }), entry('00000003', { uid: 1001 })];
  for (const one of [a, b, c]) ledger.add(one);
  t.equal(ledger.portsOf(1000, new Set([name('lan')])), 1);
  t.equal(ledger.portsOf(1000, new Set([name('lan'), name('lab')])), 2);
  t.equal(ledger.portsOf(1001, new Set([name('lab')])), 0);
  ledger.remove(a);
  ledger.remove(a);
  t.equal(ledger.portsOf(1000, new Set([name('lan')])), 0);
  t.equal(ledger.size, 2);
  t.same([...ledger.entriesOf(1000)], [b]);
});

t.test('ports count by account, also those that were there before', async (t) => {
  const ledger = new Ledger();
  const [a, b, c] = [entry('00000001'), entry('00000002', { uid: 100_000 }), entry('00000003', { uid: 100_001 })];
  const lan = new Set([name('lan')]);
  const portsOf = (...uids: number[]) => uids.map((uid) => ledger.portsOf(uid, lan));
  for (const one of [a, b]) ledger.add(one);
  t.same(portsOf(1000, 100_000, 100_001), [1, 1, 0]);
  ledger.countBy((uid) => (uid >= 100_000 ? 1000 : uid));
  ledger.add(c);
  t.same(portsOf(1000, 100_000, 100_001, 100_002, 1001), [3, 3, 3, 3, 0]);
  t.same([...ledger.entriesOf(100_001)], [a, b, c]);
  ledger.countBy((uid) => uid);
  t.same(portsOf(1000, 100_000, 100_001), [1, 1, 1]);
  for (const one of [a, b, c]) t.ok(ledger.remove(one));
  t.same(portsOf(1000, 100_000, 100_001), [0, 0, 0]);
  t.equal(ledger.size, 0);
});

t.test('an address is in use until its last entry is gone, the tap’s own too', async (t) => {
  const ledger = new Ledger();
  const [a, b] = [entry('0a0b0c0d'), entry('0a0b0c0e')];
  ledger.add(a);
  ledger.add(b);
  t.ok(ledger.macInUse(number('52:54:00:00:00:01')));
  t.ok(ledger.macInUse(number('fe:fd:0a:0b:0c:0d')));
  ledger.remove(a);
  t.ok(ledger.macInUse(number('52:54:00:00:00:01')));
  t.notOk(ledger.macInUse(number('fe:fd:0a:0b:0c:0d')));
  ledger.remove(b);
  t.notOk(ledger.macInUse(number('52:54:00:00:00:01')));
});

t.test('a grant that is being opened counts, by its account', async (t) => {
  const ledger = new Ledger();
  const lan = new Set([name('lan')]);
  const one = entry('00000001', { uid: 100_000 });
  ledger.reserve(one);
  t.same([ledger.portsOf(100_000, lan), ledger.size, ledger.has(one.id)], [1, 0, true]);
  t.ok(ledger.macInUse(number('52:54:00:00:00:01')));
  t.throws(() => ledger.add(one));
  t.throws(() => ledger.reserve(one));
  ledger.countBy(() => 1000);
  t.equal(ledger.portsOf(1000, lan), 1);
  for (const _twice of [1, 2]) ledger.unreserve(one);
  t.same([ledger.portsOf(1000, lan), ledger.has(one.id)], [0, false]);
  t.notOk(ledger.macInUse(number('52:54:00:00:00:01')));
  ledger.add(one);
  t.equal(ledger.portsOf(1000, lan), 1);
});

t.test('no grant and no interface stands twice', async (t) => {
  const ledger = new Ledger();
  ledger.add(entry('00000001'));
  t.throws(() => ledger.add(entry('00000001', { ifindex: 9 })));
  t.throws(() => ledger.add(entry('00000002', { ifindex: 1 })));
  t.equal(ledger.size, 1);
});
