import t from 'tap';
import { fakePorts } from '../support/fake-ports.js';

t.test('a grant ends once, when its link is gone', async (t) => {
  const { broker, kernel, endings, port, audited } = fakePorts(t);
  const entry = port('52:54:00:00:00:01');
  const [first, second] = [endings.end(entry, 'one reason'), endings.end(entry, 'another')];
  endings.gone(entry);
  t.equal(broker.ledger.size, 1, 'it counts until then');
  t.ok((await first).isOk());
  t.equal(await second, await first);
  endings.gone(entry);
  t.notOk(kernel.links.has(entry.ifindex));
  t.equal(broker.ledger.size, 0);
  const ended = audited().filter(({ event }) => event === 'ended');
  t.match(ended, [{ grant: entry.id, ifindex: entry.ifindex, reason: 'one reason' }]);
  t.equal(broker.counters.get('ended'), 1);
});

t.test('only a link with the alias of this very grant is deleted', async (t) => {
  for (const alias of ['', 'somebody’s', 'fdbroker grant=00000000 uid=0']) {
    const { broker, kernel, endings, port, linkOf } = fakePorts(t);
    const entry = port('52:54:00:00:00:01');
    linkOf(entry, { alias });
    t.ok((await endings.end(entry, 'released')).isOk());
    t.ok(kernel.links.has(entry.ifindex), alias);
    t.notOk(kernel.calls.includes('deleteLink'), alias);
    t.equal(broker.ledger.size, 0, 'the grant is over all the same');
  }
});

t.test('a link that cannot be looked at or deleted keeps its grant, and the next try may end it', async (t) => {
  for (const at of [0, 1]) {
    const { broker, kernel, endings, port } = fakePorts(t);
    const entry = port('52:54:00:00:00:01');
    kernel.failAt(at, 'EBUSY');
    t.equal((await endings.end(entry, 'released'))._unsafeUnwrapErr().code, 'EBUSY');
    t.equal(broker.ledger.size, 1);
    t.ok((await endings.end(entry, 'released')).isOk());
    t.equal(broker.ledger.size, 0);
  }
});

t.test('a link that went by itself meanwhile is no error', async (t) => {
  const { broker, kernel, endings, port } = fakePorts(t);
  const entry = port('52:54:00:00:00:01');
  kernel.failAt(1, 'ENODEV');
  const ending = endings.end(entry, 'released');
  kernel.links.delete(entry.ifindex);
  t.ok((await ending).isOk());
  t.equal(broker.ledger.size, 0);
});

t.test('a link that went by itself while it could not be deleted ends its grant', async (t) => {
  const { broker, kernel, endings, port } = fakePorts(t);
  const entry = port('52:54:00:00:00:01');
  kernel.failAt(1, 'EMFILE');
  const ending = endings.end(entry, 'released');
  kernel.links.delete(entry.ifindex);
  endings.gone(entry);
  t.ok((await ending).isOk());
  t.equal(broker.ledger.size, 0);
});
