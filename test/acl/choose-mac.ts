import t from 'tap';
import { chooseMac } from '../../src/acl/choose-mac.js';
import { macToNumber, numberToMac, parseMac, parseMacPrefix, prefixHolds } from '../../src/core/mac.js';
import { name } from '../support/policy.js';

const prefix = (text: string) => parseMacPrefix(text)._unsafeUnwrap();
const usual = prefix('52:54:00:00:00:00/24');
const lan = name('lan');
const free = () => false;

/** Addresses of so many ports in a row. */
function fill(count: number, where = usual, uid = 1000, taken = new Set<string>()): string[] {
  return Array.from({ length: count }, () => {
    const mac = chooseMac(where, uid, lan, (address) => taken.has(numberToMac(address))) ?? 'none';
    taken.add(mac);
    return mac;
  });
}

t.test('the same today and tomorrow: written down, so that no change of ours moves guests', async (t) => {
  t.equal(chooseMac(usual, 1000, lan, free), '52:54:00:99:24:e6');
  t.equal(chooseMac(usual, 1001, lan, free), '52:54:00:d6:ef:01');
  t.equal(chooseMac(usual, 1000, name('lab'), free), '52:54:00:46:f3:54');
  t.equal(chooseMac(usual, 4_294_967_294, lan, free), '52:54:00:12:bd:c3');
});

t.test('further ports have the addresses behind it, and one given back is used again', async (t) => {
  const taken = new Set<string>();
  const macs = fill(16, usual, 1000, taken);
  const numbers = macs.map((mac) => macToNumber(parseMac(mac)._unsafeUnwrap()));
  for (const [index, number] of numbers.entries()) t.equal(number, (numbers[0] as bigint) + BigInt(index));
  for (const again of [macs[3], macs[0], macs[9], macs[15]]) {
    taken.delete(again as string);
    t.same(fill(1, usual, 1000, taken), [again]);
  }
});

t.test('a thousand ports differ, and cost few look-ups', async (t) => {
  const taken = new Set(fill(1000));
  t.equal(taken.size, 1000);
  t.notOk(taken.has('none'));
  let looks = 0;
  const mac = chooseMac(usual, 1000, lan, (address) => {
    looks++;
    return taken.has(numberToMac(address));
  });
  t.notOk(taken.has(mac as string));
  t.ok(looks < 40, `${looks} look-ups`);
});

t.test('inside the prefix, never multicast, never zero', async (t) => {
  const prefixes = [
    '52:54:00:00:00:00/24',
    '00:00:00:00:00:00/40',
    '00:00:00:00:00:00/8',
    'fc:ff:ff:ff:ff:00/42',
    '02:00:00:00:00:02/47',
  ];
  for (const text of prefixes) {
    const where = prefix(text);
    for (let uid = 0; uid < 300; uid++) {
      const mac = chooseMac(where, uid, lan, free);
      if (mac === undefined || parseMac(mac).isErr() || !prefixHolds(where, mac)) t.fail(`${text} uid ${uid}: ${mac}`);
    }
  }
});

t.test('to the last address of a prefix, from wherever it begins', async (t) => {
  const table: [string, number][] = [
    ['52:54:00:00:00:00/47', 2],
    ['52:54:00:00:00:00/44', 16],
    ['52:54:00:00:00:00/43', 32],
    ['52:54:00:00:00:00/40', 256],
    ['00:00:00:00:00:00/45', 7], // without zero
  ];
  for (const [text, size] of table) {
    for (const uid of [0, 1000, 65_534]) {
      const macs = fill(size + 2, prefix(text), uid);
      t.equal(new Set(macs.slice(0, size)).size, size, `${text}, uid ${uid}`);
      t.same([macs.indexOf('none'), macs.slice(size)], [size, ['none', 'none']], 'and then no more');
    }
  }
});

t.test('ports of others are gone round', async (t) => {
  const taken = new Set(fill(40, prefix('52:54:00:00:00:00/42'), 1));
  t.equal(fill(24, prefix('52:54:00:00:00:00/42'), 2, taken).indexOf('none'), -1);
  t.same(fill(1, prefix('52:54:00:00:00:00/42'), 3, taken), ['none']);
});
