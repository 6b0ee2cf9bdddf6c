/** Macvtaps in upkeep, on a fake kernel. On the real one: macvtap.ts, macvtap-own-user.ts. */
import t, { type Test } from 'tap';
import { Endings } from '../../src/broker/endings.js';
import { Macvtaps } from '../../src/broker/macvtaps.js';
import { parseAlias } from '../../src/core/grant.js';
import type { Link } from '../../src/kernel/kernel.js';
import { brokerOn } from '../support/broker.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { macvtapEntry } from '../support/macvtap-entry.js';
import { macvtapNetwork, testConfig } from '../support/policy.js';

function machine(t: Test) {
  const kernel = new FakeKernel();
  const { broker, audited } = brokerOn(kernel, testConfig([macvtapNetwork()], []), t.testdir());
  const entry = macvtapEntry(kernel, '00000001');
  const link = kernel.links.get(entry.ifindex) as Link;
  return { kernel, broker, audited, entry, link, macvtaps: new Macvtaps(broker, new Endings(broker)) };
}

t.test('one of before a restart is taken over as it was', async (t) => {
  const { broker, entry, link, macvtaps } = machine(t);
  const grant = parseAlias(link.alias);
  if (grant === undefined) throw new Error('no alias');
  t.same(macvtaps.adopt(grant, link), entry);
  t.ok(broker.ledger.byIfindex(link.ifindex));
});

t.test('an end that was told is of that link, or of any', async (t) => {
  for (const told of [undefined, 1, 99]) {
    const { broker, entry, macvtaps } = machine(t);
    broker.ledger.add(entry);
    macvtaps.closed(told === 1 ? entry.ifindex : told);
    t.equal(macvtaps.busy, told !== 99, String(told));
  }
});

t.test('a changed address is told once, and left', async (t) => {
  const { kernel, audited, entry, link, macvtaps } = machine(t);
  const calls = kernel.calls.length;
  macvtaps.examine(entry, link);
  t.same(audited(), []);
  for (const address of ['52:54:00:00:00:aa', '52:54:00:00:00:ab']) macvtaps.examine(entry, { ...link, address });
  t.match(audited(), [{ event: 'tampered', grant: '00000001', reason: /changed to 52:54:00:00:00:aa; it stays/ }]);
  t.equal(kernel.calls.length, calls);
});

t.test('only one of ours that is nobody’s and that nobody holds is removed', async (t) => {
  const { kernel, link, macvtaps } = machine(t);
  const unclaimed = { ...link, alias: '' };
  const { macvtap } = link;
  if (macvtap === undefined) throw new Error('no macvtap');
  for (const other of [link, { ...unclaimed, macvtap: { ...macvtap, ours: false } }, { ...unclaimed, alias: 'x' }]) {
    macvtaps.removeUnclaimed(other);
  }
  kernel.heldMacvtaps.add(link.ifindex);
  macvtaps.removeUnclaimed(unclaimed);
  kernel.heldMacvtaps.clear();
  kernel.failAt(0);
  macvtaps.removeUnclaimed(unclaimed);
  t.notOk(kernel.calls.includes('deleteLink'));
  macvtaps.removeUnclaimed(unclaimed);
  t.same(kernel.leftovers(), []);
});
