/** What is read of an address. On the real kernel: test/kernel/linux-surroundings.ts. */
import t from 'tap';
import { readText } from '../../../src/kernel/netlink/addresses.js';
import { type Answer, readAnswers } from '../../../src/kernel/netlink/answers.js';
import { memoryOf } from '../../support/netlink.js';

const cases = [
  {
    what: 'IPv4, of a link from point to point',
    bytes: '02 20 80 00 05000000  0800 0100 c0000209  0800 0200 c0000201',
    is: { family: 2, text: 'c0000201', tentative: false, local: false },
  },
  {
    what: 'IPv6, not sure yet',
    bytes: '0a 40 c0 fd 05000000  1400 0100 fe800000000000000000000000000001',
    is: { family: 10, text: 'fe800000000000000000000000000001', tentative: true, local: true },
  },
];
for (const { what, bytes, is } of cases) {
  t.test(what, async (t) => {
    const size = (16 + bytes.replaceAll(' ', '').length / 2).toString(16).padStart(2, '0');
    const { memory, size: length } = memoryOf(`${size}000000 1400 0200 07000000 00000000 ${bytes}`);
    t.same(readText(memory, readAnswers(memory, length)[0] as Answer), { ifindex: 5, ...is });
  });
}
