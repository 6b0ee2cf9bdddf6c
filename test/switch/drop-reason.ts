import t from 'tap';
import { dropCode, dropReasons } from '../../src/switch/drop-reason.js';

t.test('a code is the place of its reason', async (t) => {
  for (const reason of dropReasons) t.equal(dropReasons[dropCode[reason]], reason);
  t.equal(new Set(dropReasons).size, dropReasons.length);
});
