import t from 'tap';
import { isGeneratedName, parseGrantId, parseInterfaceName, parseNetworkName, tapName } from '../../src/core/names.js';

t.test('interface names: refused, never shortened', async (t) => {
  for (const good of ['a', 'br0', 'eth0.20', '_x', 'a23456789012345'])
    t.equal(parseInterfaceName(good)._unsafeUnwrap(), good);
  const bad = [
    '',
    'a234567890123456',
    'é2345678901234',
    'tap%d',
    'a/b',
    'a\0b',
    'a b',
    'a\tb',
    'a\n',
    '.',
    '..',
    '-a',
    'a:b',
    'ä',
  ];
  for (const text of bad) t.ok(parseInterfaceName(text).isErr(), JSON.stringify(text));
  t.match(parseInterfaceName('a234567890123456')._unsafeUnwrapErr().what, /has 16 bytes.*at most 15/);
});

t.test('network names', async (t) => {
  for (const good of ['lan', '0', 'a'.repeat(63), 'a-b_c.d']) t.equal(parseNetworkName(good)._unsafeUnwrap(), good);
  for (const text of ['', 'a'.repeat(64), '-a', '.a', 'a b', 'a\n', 'a%', 'a/b', 'ü', '__proto__']) {
    t.ok(parseNetworkName(text).isErr(), JSON.stringify(text));
  }
  t.ok(parseNetworkName('x'.repeat(10_000))._unsafeUnwrapErr().what.length < 300, 'the error stays short');
});

t.test('grants and their taps', async (t) => {
  const id = parseGrantId('1a2b3c4d')._unsafeUnwrap();
  t.equal(tapName(id), 'fdb1a2b3c4d');
  t.ok(parseInterfaceName(tapName(id)).isOk());
  t.ok(isGeneratedName(tapName(id)));
  for (const other of ['fdb0', 'fdb1a2b3c4d5', 'lab0'])
    t.notOk(isGeneratedName(parseInterfaceName(other)._unsafeUnwrap()));
  for (const text of ['', '1a2b3c4', '1a2b3c4d5', '1A2B3C4D', '1a2b3c4g', '1a2b3c4d\n'])
    t.ok(parseGrantId(text).isErr());
});
