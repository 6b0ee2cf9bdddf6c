import t from 'tap';
import type { Answer } from '../../../src/kernel/netlink/answers.js';
import { readAnswers } from '../../../src/kernel/netlink/answers.js';
import { readIfindex, readLink, readTapState, readVlanLink } from '../../../src/kernel/netlink/link.js';
import { memoryOf } from '../../support/netlink.js';

/** An RTM_NEWLINK message: ifi_type, ifi_flags and attributes of link 5. */
function message(type: string, flags: string, attributes: string) {
  const { memory, size } = memoryOf(`00040000 1000 0000 07000000 00000000   00 00 ${type} 05000000 ${flags} 00000000
    ${attributes}`);
  return { memory, answer: readAnswers(memory, size)[0] as Answer };
}

/** A tap on a bridge, with all that is read of it and some of what is not. */
const tap = (data: string, port: string) => `
  0800 0300 6c616e00            # IFLA_IFNAME
  0800 0d00 e8030000            # IFLA_TXQLEN
  0800 0400 78050000            # IFLA_MTU
  0800 0a00 03000000            # IFLA_MASTER
  0a00 0100 fefd1a2b3c4d 0000   # IFLA_ADDRESS
  0a00 0200 ffffffffffff 0000   # IFLA_BROADCAST
  0d00 1400 666462726f6b657200 000000   # IFLA_IFALIAS
  ${data} ${port}`;

const slave = (learning: string, locked: string, isolated: string, hairpin: string, flood: string) => `
      0b00 0400 62726964676500 00   # IFLA_INFO_SLAVE_KIND: bridge
      4000 0580                 # IFLA_INFO_SLAVE_DATA
      0500 0400 ${hairpin} 000000   0500 0800 ${learning} 000000   0500 0900 ${flood} 000000
      0600 2000 0000 0000  0500 2100 ${isolated} 000000   0500 2700 ${locked} 000000  0c00 1600 0000000000000000`;

const tun = (flags: string) => `0800 0100 74756e00  ${flags}`;
const persistent = '1400 0280  0500 0400 00 000000  0500 0600 01 000000';

t.test('a tap that is a port of a bridge', async (t) => {
  const { memory, answer } = message(
    '0100',
    '43100100',
    tap(`6c00 1200 ${tun(persistent)}`, slave('00', '01', '01', '00', '00')),
  );
  t.equal(readIfindex(memory, answer), 5);
  t.same(readLink(memory, answer), {
    ifindex: 5,
    name: 'lan',
    mtu: 1400,
    address: 'fe:fd:1a:2b:3c:4d',
    alias: 'fdbroker',
    master: 3,
    up: true,
    carrier: true,
    kind: 'tun',
    tun: { persist: true },
    port: { learning: false, locked: true, isolated: true, hairpin: false, flood: false },
  });
});

t.test('the other way round, down and without carrier', async (t) => {
  const notPersistent = persistent.replace('01 000000', '00 000000');
  const { memory, answer } = message(
    '0100',
    '02100000',
    tap(`6c00 1200 ${tun(notPersistent)}`, slave('01', '00', '00', '01', '01')),
  );
  const link = readLink(memory, answer);
  t.match(link, { up: false, carrier: false, tun: { persist: false } });
  t.same(link.port, { learning: true, locked: false, isolated: false, hairpin: true, flood: true });
});

t.test('a bridge', async (t) => {
  const bridge = (filtering: string) => {
    const { memory, answer } = message(
      '0100',
      '03100000',
      `0800 0300 62723000  2400 1200  0b00 0100 62726964676500 00  1400 0280 0500 0700 ${filtering} 000000 0600 2700 0100 0000`,
    );
    return readLink(memory, answer);
  };
  t.same(bridge('01'), {
    ...{ ifindex: 5, name: 'br0', mtu: 0, address: '', alias: '', master: 0, up: true, carrier: false, kind: 'bridge' },
    bridge: { vlanFiltering: true, defaultVlan: 1 },
  });
  t.same(bridge('00').bridge, { vlanFiltering: false, defaultVlan: 1 });
});

t.test('a link for one VLAN of another', async (t) => {
  const { memory, answer } = message(
    '0100',
    '03100100',
    `0b00 0300 6272302e323000 00  0800 0500 03000000  1c00 1200  0900 0100 766c616e00 000000  0c00 0280 0600 0100 1400 0000`,
  );
  t.same(readVlanLink(memory, answer), { ifindex: 5, on: 3, vlan: 20, up: true });
  const bridge = message('0100', '03100100', '1000 1200  0b00 0100 62726964676500 00');
  t.equal(readVlanLink(bridge.memory, bridge.answer), undefined);
});

t.test('a plain link, whose address is not of Ethernet, and a port of something else', async (t) => {
  const lo = message('0403', '49000100', '0700 0300 6c6f00 00  0a00 0100 000000000000 0000');
  t.match(readLink(lo.memory, lo.answer), { name: 'lo', address: '', master: 0, up: true, carrier: true, kind: '' });
  const bonded = message('0100', '02000000', '1800 1200  0900 0400 626f6e6400 000000  0800 0580 0400 0800');
  t.notOk('port' in readLink(bonded.memory, bonded.answer));
});

t.test('how a tap can be attached to', async (t) => {
  const state = (data: string) => {
    const { memory, answer } = message('0100', '02100000', `${data}`);
    return readTapState(memory, answer);
  };
  const single = (pi: string, header: string) =>
    `2000 1200 0800 0100 74756e00 1400 0280  0500 0400 ${pi} 000000  0500 0500 ${header} 000000`;
  const nobodys = { ifindex: 5, owner: undefined, anybodys: true };
  t.same(state(single('00', '01')), { ...nobodys, flags: 0x5000, queues: undefined });
  t.same(state(single('01', '00')), { ...nobodys, flags: 0, queues: undefined });
  t.same(
    state(`3000 1200 0800 0100 74756e00 2400 0280  0500 0400 00 000000
      0500 0700 01 000000  0800 0800 02000000  0800 0900 03000000`),
    { ...nobodys, flags: 0x1000, queues: 5 },
    'queues in use and those set aside',
  );
  const owned = (more: string, length: string, inner: string) =>
    state(`${length} 1200 0800 0100 74756e00 ${inner} 0280  0800 0100 e8030000 ${more}`);
  t.match(owned('', '1800', '0c00'), { owner: 1000, anybodys: false });
  t.match(
    owned('0800 0200 64000000', '2000', '1400'),
    { owner: undefined, anybodys: false },
    'a group may attach as well, to some kernels',
  );
});
