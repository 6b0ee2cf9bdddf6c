import t from 'tap';
import { StaticEntries } from '../../src/broker/static-entries.js';
import { fakePorts } from '../support/fake-ports.js';

const address = '52:54:00:00:00:01';

t.test('an entry that is gone is put back and told once', async (t) => {
  const { broker, kernel, port, audited } = fakePorts(t, { lockMac: true });
  const entry = port(address);
  const entries = new StaticEntries(broker);
  entries.check(entry);
  entries.lost(entry, '52:54:00:00:00:02');
  t.notOk(entries.busy, 'it is there; the loss of another does not matter');
  for (const tell of [() => entries.lost(entry, address), () => entries.check(entry)]) {
    kernel.entries.clear();
    tell();
    t.ok(entries.busy);
    entries.restore();
    t.equal(kernel.entries.size, 1);
    t.notOk(entries.busy);
    entries.restore();
  }
  t.equal(broker.counters.get('restored'), 2);
  t.equal(audited().filter(({ event, mac }) => event === 'restored' && mac === address).length, 2);
});

t.test('while another port has the address it is tried again', async (t) => {
  const { broker, kernel, port } = fakePorts(t, { lockMac: true });
  const entry = port(address);
  const entries = new StaticEntries(broker);
  const [key = ''] = kernel.entries.keys();
  kernel.entries.set(key, 99);
  entries.check(entry);
  entries.restore();
  t.ok(entries.busy);
  kernel.entries.clear();
  entries.restore();
  t.equal(kernel.entries.get(key), entry.ifindex);
});

t.test('a port that is over or quarantined gets none, nor one of a network without lock-mac', async (t) => {
  const { broker, kernel, port } = fakePorts(t, { lockMac: true });
  const [over, quarantined] = [port(address), port('52:54:00:00:00:02')];
  const entries = new StaticEntries(broker);
  kernel.entries.clear();
  for (const entry of [over, quarantined]) entries.check(entry);
  broker.ledger.remove(over);
  quarantined.state = 'quarantined';
  entries.restore();
  t.equal(kernel.entries.size, 0);
  t.notOk(entries.busy);

  const open = fakePorts(t);
  const others = new StaticEntries(open.broker);
  const entry = open.port(address);
  others.lost(entry, address);
  others.check(entry);
  t.notOk(others.busy);
});
