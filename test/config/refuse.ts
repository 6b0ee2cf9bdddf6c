import t from 'tap';
import { refuse, show } from '../../src/config/refuse.js';

t.test('what is shown of a value is short and on one line', async (t) => {
  t.equal(show('a "b"'), '"a \\"b\\""');
  t.equal(show('x'.repeat(1000)), `"${'x'.repeat(40)}…"`);
  t.equal(show('a\nb\x1b'), '"a\\nb\\u001b"');
  t.same(refuse('x is wrong').error, { tag: 'value', what: 'x is wrong' });
});
