import t from 'tap';
import { Attributes, eachAttribute } from '../../../src/kernel/netlink/attributes.js';
import { memoryOf } from '../../support/netlink.js';

function attributesOf(text: string, from = 0): Attributes {
  const { memory, size } = memoryOf(text);
  return new Attributes(memory, from, size);
}

t.test('values by type', async (t) => {
  const attributes = attributesOf(
    `ffffffff                        # before the attributes
     0500 0100 7f ffffff             # 1: u8; the padding does not count
     0600 0200 3412 ffff             # 2: u16
     0800 0300 78563412              # 3: u32
     0a00 0400 525400ab00ff 0000     # 4: address
     0800 0500 6c616e00              # 5: lan, with its NUL
     0700 0600 c3a931 00             # 6: é1, without
     0800 0700 7b000100              # 7: two u16
     0c00 0880 0500 0100 09 000000   # 8: nested
     0600 0300 0000 0000             # 3 again, too short for a u32
     0500 6000 01 000000             # 96: beyond the table`,
    4,
  );
  t.equal(attributes.u8(1), 0x7f);
  t.equal(attributes.u16(2), 0x1234);
  t.equal(attributes.u32(3), 0, 'of a repeated one the last, and nothing is read past its end');
  t.equal(attributes.mac(4), '52:54:00:ab:00:ff');
  t.equal(attributes.text(5), 'lan');
  t.equal(attributes.text(6), 'é1');
  t.equal(attributes.u16(7), 0x7b);
  t.equal(attributes.u16(7, 2), 1);
  t.equal(attributes.nested(8).u8(1), 9);
  t.notOk(attributes.nested(8).has(8));
});

t.test('what is missing or of the wrong size reads as nothing', async (t) => {
  const attributes = attributesOf('ffffffff 0400 0100   0500 0200 7f 000000', 4);
  t.ok(attributes.has(1));
  t.notOk(attributes.has(3));
  for (const type of [1, 3]) {
    t.equal(attributes.u8(type), 0);
    t.equal(attributes.u16(type), 0);
    t.equal(attributes.u32(type), 0);
    t.equal(attributes.text(type), '');
    t.equal(attributes.mac(type), '');
    t.notOk(attributes.nested(type).has(1));
  }
  t.equal(attributes.u16(2), 0);
  t.equal(attributes.mac(2), '');
});

t.test('malformed attributes end the reading', async (t) => {
  const bad = {
    'a length below the header': '0300 0200 01 000000  0500 0300 01 000000',
    'a length of zero': '0000 0200 01 000000  0500 0300 01 000000',
    'a length past the end': '1100 0200 01 000000  0500 0300 01 000000',
    'half a header': '0500',
  };
  for (const [what, bytes] of Object.entries(bad)) {
    const attributes = attributesOf(`ffffffff 0500 0100 07 000000 ${bytes}`, 4);
    t.equal(attributes.u8(1), 7, what);
    t.notOk(attributes.has(2), what);
    t.notOk(attributes.has(3), what);
  }
});

t.test('eachAttribute tells of repeated ones, and ends at a malformed one', async (t) => {
  const { memory, size } = memoryOf('0500 0180 07 000000   0500 0100 08 000000   0900 0200 00000000');
  const seen: number[][] = [];
  eachAttribute(memory, 0, size, (type, at, end) => seen.push([type, at, end]));
  t.same(seen, [
    [1, 4, 5],
    [1, 12, 13],
  ]);
});
