/** What upkeep does when events were lost: on a fake kernel, since the real one's memory for them is large. */
import t, { type Test } from 'tap';
import { Upkeep } from '../../src/broker/upkeep.js';
import { tapAddress } from '../../src/core/grant.js';
import { fakePorts } from '../support/fake-ports.js';

function machine(t: Test, options = {}) {
  const made = fakePorts(t, options);
  const upkeep = new Upkeep(made.broker, made.endings);
  t.teardown(() => upkeep[Symbol.dispose]());
  return { ...made, upkeep };
}

t.test('after an overrun the ledger is as the kernel says', async (t) => {
  const { broker, kernel, upkeep, port, linkOf, audited } = machine(t, { lockMac: true });
  const [gone, thief, robbed] = [port('52:54:00:00:00:01'), port('52:54:00:00:00:02'), port('52:54:00:00:00:03')];
  kernel.links.delete(gone.ifindex);
  linkOf(thief, { address: '52:54:00:00:00:03' });
  for (const [key, ifindex] of kernel.entries) if (ifindex === robbed.ifindex) kernel.entries.delete(key);
  t.equal(broker.ledger.size, 3);
  upkeep.take([{ tag: 'overrun' }]);
  t.same([...broker.ledger.entries()], [thief, robbed]);
  t.equal(thief.state, 'quarantined');
  t.match(kernel.links.get(thief.ifindex), { up: false, master: 0, address: tapAddress(thief.id) });
  t.ok([...kernel.entries.values()].includes(robbed.ifindex), 'its entry is back');
  t.same(
    audited().flatMap(({ event }) => (event === 'granted' ? [] : [event])),
    ['tampered', 'ended', 'restored'],
  );
});

t.test('a dump that fails is asked for again', async (t) => {
  const { broker, kernel, upkeep, port } = machine(t);
  const entry = port('52:54:00:00:00:01');
  kernel.links.delete(entry.ifindex);
  kernel.failAt(0, 'ENOBUFS');
  upkeep.take([{ tag: 'overrun' }]);
  t.equal(broker.ledger.size, 1, 'nothing is known as yet');
  upkeep.take([]);
  t.equal(broker.ledger.size, 0);
});

t.test('a port that cannot be put down is ended', async (t) => {
  const { broker, kernel, upkeep, endings, port, linkOf, audited } = machine(t);
  const entry = port('52:54:00:00:00:01');
  upkeep.take([{ tag: 'link', link: linkOf(entry) }]);
  kernel.failAt(0, 'EPERM');
  upkeep.take([{ tag: 'link', link: linkOf(entry, { address: '52:54:00:00:00:02' }) }]);
  (await endings.end(entry, 'the same ending'))._unsafeUnwrap();
  t.equal(broker.ledger.size, 0);
  t.notOk(kernel.links.has(entry.ifindex));
  t.match(audited().at(-2), { event: 'tampered', reason: /the port could not be put down: quarantine: EPERM/ });
});
