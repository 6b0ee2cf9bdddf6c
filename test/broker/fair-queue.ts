import t from 'tap';
import { FairQueue } from '../../src/broker/fair-queue.js';

t.test('users take turns, each in its own order', async (t) => {
  const queue = new FairQueue<string>();
  for (const item of ['a1', 'a2', 'a3']) queue.push(1, item);
  queue.push(2, 'b1');
  queue.push(3, 'c1');
  queue.push(2, 'b2');
  t.equal(queue.size, 6);
  const order = Array.from({ length: 7 }, () => queue.shift());
  t.same(order, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', undefined]);
  t.equal(queue.size, 0);
});

t.test('what is taken out is not served', async (t) => {
  const queue = new FairQueue<string>();
  queue.push(1, 'a1');
  queue.push(1, 'a2');
  queue.delete(1, 'a1');
  queue.delete(1, 'a1');
  queue.delete(9, 'x');
  t.equal(queue.size, 1);
  t.equal(queue.shift(), 'a2');
  t.equal(queue.shift(), undefined);
});
