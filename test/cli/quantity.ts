import t from 'tap';
import { formatQuantity } from '../../src/cli/quantity.js';

t.test('quantities', async (t) => {
  for (const [value, text] of [
    [0, '0'],
    [-1, '0'],
    [0.9, '0'],
    [999.9, '999'],
    [1000, '1.0k'],
    [1999, '1.9k'],
    [12_345, '12k'],
    [999_999, '999k'],
    [1e6, '1.0M'],
    [2.5e9, '2.5G'],
    [1e18, '1000P'],
  ] as const) {
    t.equal(formatQuantity(value), text);
  }
});
