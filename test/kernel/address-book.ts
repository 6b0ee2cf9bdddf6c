import t from 'tap';
import { readAddress, sameAddress, writeAddress } from '../../src/kernel/address-book.js';

t.test('as text and back', async (t) => {
  const book = new Uint8Array(4 * 32).fill(0xff);
  for (const [place, endpoint] of [
    { address: '192.0.2.7', port: 7755 },
    { address: '2001:db8::7', port: 65_535 },
    { address: '0.0.0.0', port: 0 },
  ].entries()) {
    t.ok(writeAddress(endpoint, book, place).isOk());
    t.same(readAddress(book, place), endpoint);
  }
  t.equal(readAddress(book, 3), undefined, 'of no family');
  t.equal(writeAddress({ address: 'example.org', port: 1 }, book, 3)._unsafeUnwrapErr().code, 'EINVAL');
  t.throws(() => readAddress(book, 4), /place/);
});

t.test('the same address', async (t) => {
  const book = new Uint8Array(3 * 32);
  writeAddress({ address: '::1', port: 5 }, book, 0)._unsafeUnwrap();
  writeAddress({ address: '::1', port: 6 }, book, 1)._unsafeUnwrap();
  writeAddress({ address: '::1', port: 5 }, book, 2)._unsafeUnwrap();
  t.notOk(sameAddress(book, 0, book, 1));
  t.ok(sameAddress(book, 0, book, 2));
});
