import t from 'tap';
import { Connections } from '../../src/broker/connections.js';
import { OwnedFd } from '../../src/kernel/owned-fd.js';
import { credentials } from '../support/policy.js';

const fd = (number: number) => new OwnedFd(number, () => {});

t.test('a connection counts from its start to its end, whatever becomes of it between', async (t) => {
  const connections = new Connections(8);
  const [one, two] = [
    connections.add(fd(1001), credentials(1000), 1000),
    connections.add(fd(1002), credentials(1001), 1001),
  ];
  connections.serve(one);
  t.equal(connections.size, 2);
  connections.remove(two);
  t.same(connections.all(), [one], 'the one that is served is still there');
  connections.drain(one, {} as never, 0);
  t.same([...connections.draining()], [one]);
  t.equal(connections.countOf(1000), 1);
  connections.remove(one);
  t.same(connections.all(), []);
  t.same([...connections.draining()], []);
  t.equal(connections.size, 0);
  t.equal(connections.countOf(1000), 0);
});

t.test('uids of one account count together, also when its range is another by the end', async (t) => {
  const connections = new Connections(8);
  const own = connections.add(fd(1001), credentials(1000), 1000);
  const subordinate = connections.add(fd(1002), credentials(100_000), 1000);
  t.equal(connections.countOf(1000), 2);
  t.equal(connections.countOf(100_000), 0);
  connections.remove(own);
  connections.remove(subordinate);
  t.equal(connections.countOf(1000), 0);
});

t.test('silence is of those who have said nothing, the longest first', async (t) => {
  const connections = new Connections(8);
  const first = connections.add(fd(1001), credentials(1000), 1000);
  const second = connections.add(fd(1002), credentials(1000), 1000);
  connections.add(fd(1003), credentials(1000), 1000);
  t.equal(connections.oldestWaiting(), undefined, 'nobody has been looked at');
  connections.wait(first, 0);
  connections.wait(second, 1000);
  t.equal(connections.oldestWaiting(), first);
  t.same(connections.silent(first.deadline - 1), []);
  t.same(connections.silent(first.deadline), [first]);
  t.same(connections.silent(second.deadline), [first, second]);
  connections.remove(first);
  t.equal(connections.oldestWaiting(), second);
  connections.serve(second);
  t.equal(connections.oldestWaiting(), undefined);
});

t.test('unread descriptors are of an account, and of all', async (t) => {
  const connections = new Connections(8);
  const draining = (account: number, sent: number) => {
    const one = connections.add(fd(1000 + account), credentials(account), account);
    one.sent = sent;
    connections.drain(one, {} as never, 0);
    return one;
  };
  t.equal(connections.share, 2);
  const [first] = [draining(1, 1)];
  t.notOk(connections.isUnread(1));
  const many = draining(1, 6);
  t.same([connections.isUnread(1), connections.isUnread(2)], [true, false]);
  const other = draining(2, 1);
  t.ok(connections.isUnread(3), 'all have 8 together');
  for (const one of [first, many, many, other]) connections.remove(one);
  for (const account of [1, 2, 3]) t.notOk(connections.isUnread(account), 'read');
});
