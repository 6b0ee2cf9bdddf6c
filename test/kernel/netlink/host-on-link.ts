/** What is asked of the host's own IP, and what is read of the answers. On the real kernel: test/kernel/linux-surroundings.ts. */
import t from 'tap';
import { type Answer, readAnswers } from '../../../src/kernel/netlink/answers.js';
import {
  askForAddresses,
  askForForwarding,
  readAddress,
  readForwarding,
} from '../../../src/kernel/netlink/host-on-link.js';
import { built, memoryOf, written } from '../../support/netlink.js';

t.test('the addresses of one link, of every family', async (t) => {
  const asked = built((message) => askForAddresses(message, 5));
  t.same(asked, written('18000000 1600 0103 07000000 00000000   00 00 00 00 05000000'));
});

t.test('forwarding, on one link and on all', async (t) => {
  const one = built((message) => askForForwarding(message, 2, 5));
  t.same(one, written('1c000000 5200 0100 07000000 00000000   02 000000  0800 0100 05000000'));
  const all = built((message) => askForForwarding(message, 10, 0xffff_ffff));
  t.same(all, written('1c000000 5200 0100 07000000 00000000   0a 000000  0800 0100 ffffffff'));
});

const addresses = [
  { what: 'IPv4', bytes: '02 18 80 00 05000000', is: { ifindex: 5, family: 2, local: false } },
  { what: 'IPv4, on the link', bytes: '02 10 80 fd 05000000', is: { ifindex: 5, family: 2, local: true } },
  { what: 'IPv6', bytes: '0a 40 80 00 06000000', is: { ifindex: 6, family: 10, local: false } },
  { what: 'IPv6, in the host', bytes: '0a 80 80 fe 01000000', is: { ifindex: 1, family: 10, local: true } },
];
for (const { what, bytes, is } of addresses) {
  t.test(`an address: ${what}`, async (t) => {
    const { memory, size } = memoryOf(`18000000 1400 0200 07000000 00000000 ${bytes}`);
    t.same(readAddress(memory, readAnswers(memory, size)[0] as Answer), is);
  });
}

t.test('whether it forwards', async (t) => {
  const forwards = (value: string) => {
    const { memory, size } = memoryOf(
      `24000000 5000 0000 07000000 00000000  02 000000  0800 0100 05000000  0800 0200 ${value}`,
    );
    return readForwarding(memory, readAnswers(memory, size)[0] as Answer);
  };
  t.equal(forwards('01000000'), true);
  t.equal(forwards('00000000'), false);
});
