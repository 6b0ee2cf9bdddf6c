import t from 'tap';
import { Message } from '../../../src/kernel/netlink/message.js';
import { built, written } from '../../support/netlink.js';

t.test('header and structure', async (t) => {
  const made = built((message) => {
    const at = message.start(0x1234, 0x0605, 10);
    message.setU8(at, 0x11);
    message.setU16(at + 2, 0x2233);
    message.setU32(at + 4, 0x44556677);
  });
  t.same(
    made,
    written(`
      1c000000 3412 0506 07000000 00000000   # length, type, flags, sequence, port
      11 00 3322 77665544 00000000           # structure, padded to 12`),
  );
});

t.test('attributes are padded with zeros and count without the padding', async (t) => {
  const made = built((message) => {
    message.start(1, 0, 0);
    message.addU8(2, 0xff);
    message.addU16(3, 0xabcd);
    message.addU32(4, 0x01020304);
    message.addMac(5, '52:54:00:aB:00:ff');
    message.addText(6, 'é1');
    message.addText(7, '');
  });
  t.same(
    made,
    written(`
      40000000 0100 0000 07000000 00000000
      0500 0200 ff 000000
      0600 0300 cdab 0000
      0800 0400 04030201
      0a00 0500 525400ab00ff 0000
      0700 0600 c3a931 00
      0400 0700`),
  );
});

t.test('nests span what is between their start and end, and are marked', async (t) => {
  const made = built((message) => {
    message.start(1, 0, 0);
    const outer = message.startNest(1);
    const inner = message.startNest(2);
    message.addU8(3, 4);
    message.endNest(inner);
    message.endNest(outer);
    message.addU8(5, 6);
  });
  t.same(
    made,
    written(`
      28000000 0100 0000 07000000 00000000
      1000 0180   0c00 0280   0500 0300 04 000000
      0500 0500 06 000000`),
  );
});

t.test('starting anew leaves nothing of the last message', async (t) => {
  const message = new Message();
  message.start(1, 2, 16);
  message.setU32(16, 0xffffffff);
  message.addText(1, 'x'.repeat(100));
  message.start(3, 0, 4);
  message.finish(0xffffffff);
  t.equal(message.bytes.toString('hex', 0, message.size), '1400000003000000ffffffff0000000000000000');
});

t.test('a message that outgrows its memory is a bug that shows', async (t) => {
  const message = new Message();
  message.start(1, 0, 0);
  message.addText(1, 'x'.repeat(65_000));
  t.throws(() => message.addText(1, 'x'.repeat(600)), RangeError);
});
