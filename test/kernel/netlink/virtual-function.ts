/** Messages about SR-IOV functions, against bytes that iproute2 sends and a driver's answer as the header's structures. */
import t from 'tap';
import { readAnswers } from '../../../src/kernel/netlink/answers.js';
import {
  askForFunctions,
  keepLinkFromIpv6,
  labelLink,
  readFunctions,
  setFunction,
  setLinkUp,
} from '../../../src/kernel/netlink/virtual-function.js';
import { built, memoryOf, written } from '../../support/netlink.js';

const address = '52:54:00:12:34:56';
/** struct ifla_vf_mac: the number, and room for 32 bytes of address. */
const mac = (number: string, bytes: string) => `2800 0100 ${number} ${bytes} ${'00'.repeat(26)}`;

t.test('the question', async (t) => {
  t.same(
    built((message) => askForFunctions(message, 5)),
    written(`28000000 1200 0100 07000000 00000000   00000000 05000000 00000000 00000000
      0800 1d00 09000000   # IFLA_EXT_MASK: RTEXT_FILTER_VF, RTEXT_FILTER_SKIP_STATS`),
  );
});

t.test('address, VLAN and spoof check in one message', async (t) => {
  const change = { address, vlan: 100, priority: 3, spoofCheck: true };
  t.same(
    built((message) => setFunction(message, 5, 2, change)),
    written(`6c000000 1300 0500 07000000 00000000   00000000 05000000 00000000 00000000   # RTM_SETLINK
      4c00 1680  4800 0180                            # IFLA_VFINFO_LIST, IFLA_VF_INFO
      ${mac('02000000', '525400123456')}              # IFLA_VF_MAC
      1000 0200 02000000 64000000 03000000            # IFLA_VF_VLAN
      0c00 0400 02000000 01000000                     # IFLA_VF_SPOOFCHK`),
  );
});

t.test('each by itself', async (t) => {
  const header = (size: string, list: string, info: string) =>
    `${size}000000 1300 0500 07000000 00000000 00000000 05000000 00000000 00000000 ${list}00 1680 ${info}00 0180`;
  t.same(
    built((message) => setFunction(message, 5, 0, { spoofCheck: false })),
    written(`${header('34', '14', '10')} 0c00 0400 00000000 00000000`),
  );
  t.same(
    built((message) => setFunction(message, 5, 1, { vlan: 0, priority: 0 })),
    written(`${header('38', '18', '14')} 1000 0200 01000000 00000000 00000000`),
  );
  t.same(
    built((message) => setFunction(message, 5, 1, { address: '00:00:00:00:00:00' })),
    written(`${header('50', '30', '2c')} ${mac('01000000', '000000000000')}`),
  );
});

t.test('the functions that a driver tells of', async (t) => {
  const told = (number: string, bytes: string, tag: string, check: string) => `5000 0180
      ${mac(number, bytes)}
      0800 0500 ${number}                             # another attribute
      1000 0200 ${number} ${tag}
      0c00 0400 ${number} ${check}`;
  const [first, second] = [
    told('00000000', '525400123456', '64000000 03000000', '01000000'),
    told('01000000', '000000000000', '00000000 00000000', 'ffffffff'),
  ];
  const text = `e0000000 1000 0000 07000000 00000000   00000100 05000000 00000000 00000000
      1100 3800 303030303a30313a30302e3000 000000     # IFLA_PARENT_DEV_NAME: 0000:01:00.0
      0800 1500 02000000                              # IFLA_NUM_VF
      a400 1680 ${first} ${second}`;
  const { memory, size } = memoryOf(text);
  const [answer] = readAnswers(memory, size);
  if (answer === undefined) throw new Error('no answer');
  t.same(readFunctions(memory, answer), {
    device: '0000:01:00.0',
    functions: [
      { number: 0, address, vlan: 100, priority: 3, spoofCheck: true },
      { number: 1, address: '00:00:00:00:00:00', vlan: 0, priority: 0, spoofCheck: false },
    ],
  });
});

t.test('an alias, up, and down, each by itself', async (t) => {
  const header = (size: string, flags: string, change: string) =>
    `${size}000000 1000 0500 07000000 00000000   00000000 05000000 ${flags} ${change}`;
  t.same(
    built((message) => labelLink(message, 5, 'fdbroker')),
    written(`${header('2c', '00000000', '00000000')} 0c00 1400 666462726f6b6572`),
  );
  t.same(
    built((message) => setLinkUp(message, 5, true)),
    written(header('20', '01000000', '01000000')),
  );
  t.same(
    built((message) => setLinkUp(message, 5, false)),
    written(header('20', '00000000', '01000000')),
  );
  t.same(
    built((message) => keepLinkFromIpv6(message, 5)),
    written(`${header('30', '00000000', '00000000')} 1000 1a80 0c00 0a80 0500 0800 01000000`),
  );
});
