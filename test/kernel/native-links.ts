import t from 'tap';
import { native } from '../../src/kernel/native.js';
import { constantNames } from '../../src/kernel/native-links.js';
import { openFds } from '../support/descriptors.js';
import { missingTun } from '../support/namespace.js';

t.test('the addon has every number of the list, and no other', async (t) => {
  t.same(Object.keys(native.constants).sort(), [...constantNames].sort());
  for (const name of constantNames) t.type(native.constants[name], 'number', name);
});

t.test('numbers that the kernel never changes', async (t) => {
  const { constants } = native;
  t.equal(constants.nlmsghdr, 16);
  t.equal(constants['ifinfomsg.ifi_index'], 4);
  t.equal(constants.RTM_NEWLINK, 16);
  t.equal(constants.NLA_F_NESTED, 0x8000);
  t.equal(constants.IFLA_BRPORT_LOCKED, 39);
  t.equal(constants.NTF_STICKY, 0x40);
});

t.test('names that the kernel would change are refused before it sees them', async (t) => {
  t.equal(native.tunAttach(-1, '', 0), -22);
  t.equal(native.tunAttach(-1, 'tap%d', 0), -22);
  t.equal(native.tunAttach(-1, 'fifteen-bytes-x', 0), -9, 'as long as can be');
  t.throws(() => native.tunAttach(-1, 'sixteen-bytes-xx', 0), RangeError);
  t.throws(() => native.tunAttach(-1, 'tap\0x', 0), RangeError);
});

t.test('taps made ahead: arguments', async (t) => {
  const { tapsAhead } = native;
  const room = new Int32Array(4);
  t.throws(() => tapsAhead('ab' as never, 0, room), TypeError);
  t.throws(() => tapsAhead(['a', 1] as never, 0, room), TypeError);
  t.throws(() => tapsAhead(['a\0b'], 0, room), RangeError);
  t.throws(() => tapsAhead(['a'], '0' as never, room), TypeError);
  t.throws(() => tapsAhead(['a'], 0, new Uint32Array(2) as never), TypeError);
  t.throws(() => tapsAhead(['a', 'b'], 0, new Int32Array(3)), RangeError, 'two numbers each');
  t.throws(() => (tapsAhead as unknown as (names: string[]) => void)(['a']), TypeError);
});

t.test('taps made ahead: names', { skip: missingTun() ?? false }, async (t) => {
  const { tapsAhead } = native;
  const before = openFds();
  const room = new Int32Array(4).fill(7);
  t.equal(await tapsAhead(['', 'tap%d'], 0, room), 0);
  t.same([...room], [-22, -22, -22, -22], 'names that the kernel would change');
  t.equal(await tapsAhead(['sixteen-bytes-xx', 'x'.repeat(1000)], 0, room), 0);
  t.same([...room], [-22, -22, -22, -22], 'names that are too long');
  t.equal(await tapsAhead([], 0, new Int32Array(0)), 0);
  t.equal(openFds(), before);
});

t.test('what tells a link from another: arguments', async (t) => {
  const { linkFacts } = native;
  const before = openFds();
  const facts = new Int32Array(6).fill(7);
  t.equal(linkFacts('absent', facts), -19);
  t.same([...facts], [0, 0, 0, 0, 0, 7], 'nothing of it is known');
  t.equal(linkFacts('', facts), -19);
  t.equal(linkFacts('fifteen-bytes-x', facts), -19);
  t.throws(() => linkFacts('sixteen-bytes-xx', facts), RangeError);
  t.throws(() => linkFacts('l\0o', facts), RangeError);
  t.throws(() => linkFacts('lo', new Int32Array(4)), RangeError);
  t.throws(() => linkFacts('lo', new Uint8Array(16) as never), TypeError);
  t.throws(() => linkFacts(1 as never, facts), TypeError);
  t.equal(linkFacts('lo', facts), 0);
  t.same([...facts.subarray(2, 4)], [0, 0], 'lo has no address');
  t.equal(facts[5], 7);
  t.equal(facts[0], native.linkIndex('lo'));
  t.equal(openFds(), before);
});
