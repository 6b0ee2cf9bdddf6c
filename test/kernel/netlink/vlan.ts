import t from 'tap';
import type { Answer } from '../../../src/kernel/netlink/answers.js';
import { readAnswers } from '../../../src/kernel/netlink/answers.js';
import { askForVlans, putAccessVlan, readVlans, removeVlans } from '../../../src/kernel/netlink/vlan.js';
import { built, memoryOf, written } from '../../support/netlink.js';

const requests = [
  {
    what: 'an access VLAN: PVID and untagged',
    build: built((message) => putAccessVlan(message, 5, 20)),
    bytes: `2c000000 1300 0500 07000000 00000000   07 000000 05000000 00000000 00000000
      0c00 1a80  0800 0200 0600 1400   # IFLA_AF_SPEC, IFLA_BRIDGE_VLAN_INFO: flags, VLAN`,
  },
  {
    what: 'VLANs removed',
    build: built((message) => removeVlans(message, 5, [1, 4094])),
    bytes: `34000000 1100 0500 07000000 00000000   07 000000 05000000 00000000 00000000
      1400 1a80  0800 0200 0000 0100  0800 0200 0000 fe0f`,
  },
  {
    what: "a port's VLANs",
    build: built((message) => askForVlans(message, 5)),
    bytes: '18000000 7200 0103 07000000 00000000   07 00 0000 05000000',
  },
];

for (const { what, build, bytes } of requests) t.test(what, async (t) => t.same(build, written(bytes)));

t.test('every VLAN there is fits into one message', async (t) => {
  const all = Array.from({ length: 4094 }, (_, index) => index + 1);
  t.equal(built((message) => removeVlans(message, 5, all)).length, (16 + 16 + 4 + 8 * 4094) / 4);
});

t.test('VLANs of an answer, singly and in a range', async (t) => {
  const { memory, size } = memoryOf(`
    50000000 7000 0200 07000000 00000000   07 00 0000 05000000
    1400 0180  0800 0100 0600 0100  0500 0300 03 000000          # BRIDGE_VLANDB_ENTRY: 1, PVID, untagged; its state
    0c00 0180  0800 0100 0400 1400                               # 20, untagged
    1400 0180  0800 0100 0000 1e00  0600 0200 2000 0000          # 30 to 32, tagged
    0400 0280                                                    # global options`);
  t.same(readVlans(memory, readAnswers(memory, size)[0] as Answer), [
    { vlan: 1, pvid: true, untagged: true },
    { vlan: 20, pvid: false, untagged: true },
    { vlan: 30, pvid: false, untagged: false },
    { vlan: 31, pvid: false, untagged: false },
    { vlan: 32, pvid: false, untagged: false },
  ]);
});
