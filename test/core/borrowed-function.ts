import t from 'tap';
import { type BorrowedFunction, formatFunction, parseFunction } from '../../src/core/borrowed-function.js';

const borrowed: BorrowedFunction = {
  ...{ physical: 3, number: 12 },
  before: { vlan: 100, priority: 7, spoofCheck: true },
};

t.test('reads back the same', async (t) => {
  t.equal(formatFunction(borrowed), '3.12.100.7.1');
  t.same(parseFunction(formatFunction(borrowed)), borrowed);
  const untouched = { vlan: 0, priority: 0, spoofCheck: false };
  t.same(parseFunction(formatFunction({ ...borrowed, before: untouched })), { ...borrowed, before: untouched });
});

t.test('what is none', async (t) => {
  for (const text of ['', '3', '3.12.100.8.1', '3.12.100.7.2', '3.-1.0.0.1']) {
    t.equal(parseFunction(text), undefined, text);
  }
  t.equal(parseFunction(`${formatFunction(borrowed)}0`), undefined);
});
