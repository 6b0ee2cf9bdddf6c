import { setImmediate as settled } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Endings } from '../../src/broker/endings.js';
import { LastClose } from '../../src/broker/last-close.js';
import type { LinkEntry } from '../../src/broker/ledger.js';
import { brokerOn } from '../support/broker.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { macvtapEntry } from '../support/macvtap-entry.js';
import { macvtapNetwork, testConfig } from '../support/policy.js';

function machine(t: Test): { kernel: FakeKernel; lastClose: LastClose; entry: LinkEntry; there: () => boolean } {
  const kernel = new FakeKernel();
  const { broker } = brokerOn(kernel, testConfig([macvtapNetwork()], []), t.testdir());
  const entry = macvtapEntry(kernel, '00000001');
  broker.ledger.add(entry);
  kernel.heldMacvtaps.add(entry.ifindex);
  return {
    ...{ kernel, lastClose: new LastClose(broker, new Endings(broker)), entry },
    there: () => broker.ledger.get(entry.id) === entry,
  };
}

t.test('one of several descriptors has ended: it is held, and no more looked at', async (t) => {
  const { lastClose, entry, there } = machine(t);
  t.notOk(lastClose.busy);
  lastClose.note(entry);
  for (const busy of [true, false]) {
    lastClose.look();
    t.equal(lastClose.busy, busy);
  }
  t.ok(there());
});

t.test('two looks must agree that nobody holds it', async (t) => {
  const { kernel, lastClose, entry, there } = machine(t);
  lastClose.note(entry);
  for (const held of [false, true, false]) {
    if (held) kernel.heldMacvtaps.add(entry.ifindex);
    else kernel.heldMacvtaps.delete(entry.ifindex);
    lastClose.look();
    await settled();
    t.ok(there());
  }
  lastClose.look();
  t.equal(entry.state, 'unheld');
  await settled();
  t.notOk(there());
  t.same(kernel.leftovers(), []);
  lastClose.look();
  t.notOk(lastClose.busy);
});

t.test('a look that fails decides nothing; a deletion that fails is tried again', async (t) => {
  const { kernel, lastClose, entry, there } = machine(t);
  kernel.heldMacvtaps.clear();
  lastClose.note(entry);
  lastClose.look();
  kernel.failAt(0, 'EIO');
  lastClose.look();
  t.equal(kernel.calls.at(-1), 'unheldMacvtaps');
  t.equal(entry.state, 'up');
  // After the look and the question whether it still has its alias
  kernel.failAt(2);
  lastClose.look();
  await settled();
  t.equal(kernel.calls.includes('deleteLink'), true);
  t.ok(there());
  lastClose.look();
  await settled();
  t.notOk(there());
});

t.test('one that cannot be watched is looked at for as long as it is there', async (t) => {
  const { kernel, lastClose, entry, there } = machine(t);
  kernel.failAt(0);
  lastClose.follow(entry);
  for (let looks = 0; looks < 5; looks++) lastClose.look();
  t.ok(lastClose.busy);
  kernel.heldMacvtaps.clear();
  lastClose.look();
  lastClose.look();
  await settled();
  t.notOk(there());
});
