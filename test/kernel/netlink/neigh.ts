import t from 'tap';
import type { Answer } from '../../../src/kernel/netlink/answers.js';
import { readAnswers } from '../../../src/kernel/netlink/answers.js';
import { askForEntry, putStaticEntry, readEntry } from '../../../src/kernel/netlink/neigh.js';
import { built, memoryOf, written } from '../../support/netlink.js';

const mac = '52:54:00:00:00:01';

const requests = [
  {
    what: 'a new static entry: CREATE, EXCL',
    build: built((message) => putStaticEntry(message, 5, mac, undefined, false)),
    bytes: `28000000 1c00 0506 07000000 00000000
      07 000000 05000000 4000 44 00   # AF_BRIDGE, ifindex, NUD_NOARP, NTF_STICKY | NTF_MASTER
      0a00 0200 525400000001 0000     # NDA_LLADDR`,
  },
  {
    what: 'a static entry in the place of a learned one: CREATE, REPLACE; in a VLAN',
    build: built((message) => putStaticEntry(message, 5, mac, 20, true)),
    bytes: `30000000 1c00 0505 07000000 00000000
      07 000000 05000000 4000 44 00
      0a00 0200 525400000001 0000
      0600 0500 1400 0000             # NDA_VLAN`,
  },
  {
    what: 'asking a bridge',
    build: built((message) => askForEntry(message, { bridge: 3 }, mac, undefined)),
    bytes: `30000000 1e00 0100 07000000 00000000
      07 000000 00000000 0000 00 00
      0800 0900 03000000              # NDA_MASTER
      0a00 0200 525400000001 0000`,
  },
  {
    what: "asking a port's bridge, in a VLAN",
    build: built((message) => askForEntry(message, { port: 5 }, mac, 20)),
    bytes: `30000000 1e00 0100 07000000 00000000
      07 000000 05000000 0000 04 00
      0a00 0200 525400000001 0000
      0600 0500 1400 0000`,
  },
];

for (const { what, build, bytes } of requests) t.test(what, async (t) => t.same(build, written(bytes)));

const entries = [
  { what: 'learned', state: '0200', flags: '00', learned: true, sticky: false },
  { what: 'learned and aged', state: '0400', flags: '00', learned: true, sticky: false },
  { what: 'static', state: '4000', flags: '00', learned: false, sticky: false },
  { what: 'static and sticky', state: '4000', flags: '40', learned: false, sticky: true },
  { what: 'local', state: '8000', flags: '00', learned: false, sticky: false },
];

for (const { what, state, flags, learned, sticky } of entries) {
  t.test(`an entry that is ${what}`, async (t) => {
    const read = (more: string) => {
      const { memory, size } = memoryOf(`40000000 1c00 0000 07000000 00000000
        07 000000 05000000 ${state} ${flags} 00  0a00 0200 525400000001 0000 ${more}
        0800 0900 03000000`);
      return readEntry(memory, readAnswers(memory, size)[0] as Answer);
    };
    t.same(read('0600 0500 1400 0000'), { ifindex: 5, mac, vlan: 20, learned, sticky });
    t.same(read('0600 0d00 1400 0000'), { ifindex: 5, mac, vlan: undefined, learned, sticky });
  });
}
