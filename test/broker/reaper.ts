import { err, ok } from 'neverthrow';
import t from 'tap';
import { Reaper } from '../../src/broker/reaper.js';
import { fakePorts } from '../support/fake-ports.js';

t.test('what may be held by nobody is looked at until that is settled', async (t) => {
  const { broker, kernel, endings, port, linkOf } = fakePorts(t);
  const entry = port('52:54:00:00:00:01');
  const reaper = new Reaper(broker, endings);
  let held = true;
  kernel.tapIsHeld = () => ok(held);
  for (const doubt of [{ carrier: false }, { tun: { persist: true } }]) {
    reaper.note(entry, linkOf(entry, { carrier: true, tun: { persist: false } }));
    t.notOk(reaper.busy);
    reaper.note(entry, linkOf(entry, doubt));
    t.ok(reaper.busy);
    reaper.reap();
    t.equal(entry.state, 'up', 'held, so it stays');
  }
  held = false;
  reaper.reap();
  t.equal(entry.state, 'unheld');
  (await endings.end(entry, 'the same ending'))._unsafeUnwrap();
  t.equal(broker.ledger.size, 0);
  t.notOk(kernel.links.has(entry.ifindex));
  reaper.reap();
  t.notOk(reaper.busy);
});

t.test('in doubt, a tap is held', async (t) => {
  const { broker, kernel, endings, port, linkOf } = fakePorts(t);
  const entry = port('52:54:00:00:00:01');
  const reaper = new Reaper(broker, endings);
  reaper.note(entry, linkOf(entry, { carrier: false }));
  kernel.tapIsHeld = () => ok(false);
  kernel.failAt(0, 'ENOBUFS');
  reaper.reap();
  t.equal(entry.state, 'up', 'a link that cannot be looked at');
  kernel.tapIsHeld = () => err({ tag: 'sys', call: 'open /dev/net/tun', code: 'EMFILE', errno: 24 });
  reaper.reap();
  t.equal(entry.state, 'up', 'a tap that cannot be tried');
  t.ok(reaper.busy, 'both are looked at again');
});
