import t from 'tap';
import {
  formatMacPrefix,
  macToNumber,
  numberToMac,
  parseMac,
  parseMacPrefix,
  parseMacWish,
  prefixHolds,
} from '../../src/core/mac.js';

t.test('addresses', async (t) => {
  t.equal(parseMac('52:54:00:AB:cd:0f')._unsafeUnwrap(), '52:54:00:ab:cd:0f');
  const bad = [
    '',
    '52:54:00:ab:cd',
    '52-54-00-ab-cd-ef',
    '52:54:00:ab:cd:ef:00',
    '5254.00ab.cdef',
    '52:54:0:ab:cd:ef',
    ' 52:54:00:ab:cd:ef',
  ];
  for (const text of bad) t.ok(parseMac(text).isErr(), text);
  t.match(parseMac('01:00:5e:00:00:01')._unsafeUnwrapErr().what, /multicast or zero/);
  t.match(parseMac('ff:ff:ff:ff:ff:ff')._unsafeUnwrapErr().what, /multicast or zero/);
  t.match(parseMac('00:00:00:00:00:00')._unsafeUnwrapErr().what, /multicast or zero/);
});

t.test('wishes', async (t) => {
  t.equal(parseMacWish('any')._unsafeUnwrap(), 'any');
  t.equal(parseMacWish('52:54:00:AB:cd:0f')._unsafeUnwrap(), '52:54:00:ab:cd:0f');
  for (const text of ['', 'Any', 'any ', '01:00:5e:00:00:01']) t.ok(parseMacWish(text).isErr(), text);
});

t.test('numbers and back', async (t) => {
  for (const text of ['00:00:00:00:00:01', '52:54:00:12:34:56', 'fe:ff:ff:ff:ff:ff']) {
    t.equal(numberToMac(macToNumber(parseMac(text)._unsafeUnwrap())), text);
  }
  t.equal(macToNumber(parseMac('02:00:00:00:00:ff')._unsafeUnwrap()), 0x0200000000ffn);
});

t.test('prefixes', async (t) => {
  const prefix = parseMacPrefix('52:54:00:00:00:00/24')._unsafeUnwrap();
  t.equal(formatMacPrefix(prefix), '52:54:00:00:00:00/24');
  t.ok(prefixHolds(prefix, parseMac('52:54:00:ff:ff:ff')._unsafeUnwrap()));
  t.notOk(prefixHolds(prefix, parseMac('52:54:01:00:00:00')._unsafeUnwrap()));
  const odd = parseMacPrefix('52:54:00:80:00:00/25')._unsafeUnwrap();
  t.ok(prefixHolds(odd, parseMac('52:54:00:ff:00:00')._unsafeUnwrap()));
  t.notOk(prefixHolds(odd, parseMac('52:54:00:7f:ff:ff')._unsafeUnwrap()));
  const bad = [
    '52:54:00:00:00:00',
    '52:54:00:00:00:00/',
    '52:54:00:00:00:00/48',
    '52:54:00:00:00:00/7',
    '52:54:00:00:00:00/24/1',
    '52:54:00:00:00:01/24',
    '01:00:00:00:00:00/24',
    '52:54:00:00:00:00/2x',
  ];
  for (const text of bad) t.ok(parseMacPrefix(text).isErr(), text);
});
