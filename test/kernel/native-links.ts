import t from 'tap';
import { native } from '../../src/kernel/native.js';
import { constantNames } from '../../src/kernel/native-links.js';

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
