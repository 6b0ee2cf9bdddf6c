import t from 'tap';
import { Suspensions } from '../../src/broker/suspensions.js';

t.test('a suspension is of one user, ends by itself, and begins anew', async (t) => {
  const suspensions = new Suspensions();
  suspensions.add(1000, 0);
  t.equal(suspensions.secondsLeft(1000, 0), 60);
  t.equal(suspensions.secondsLeft(1000, 59_001), 1);
  t.equal(suspensions.secondsLeft(1001, 0), 0);
  t.equal(suspensions.secondsLeft(1000, 60_000), 0);
  suspensions.add(1001, 30_000);
  suspensions.add(1000, 50_000);
  t.equal(suspensions.secondsLeft(1000, 100_000), 10);
  suspensions.add(1002, 95_000);
  t.equal(suspensions.secondsLeft(1001, 89_999), 0, 'forgotten once it was over');
});
