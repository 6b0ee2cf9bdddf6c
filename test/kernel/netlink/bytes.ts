import t from 'tap';
import { align, NetlinkBytes } from '../../../src/kernel/netlink/bytes.js';

t.test('offsets are rounded up to 4', async (t) => {
  t.same([0, 1, 3, 4, 5, 255, 65533].map(align), [0, 4, 4, 4, 8, 256, 65536]);
});

t.test('the same memory in three widths, in host byte order', async (t) => {
  const memory = new NetlinkBytes(8);
  memory.u32[1] = 0x01020304;
  t.same([...memory.bytes.subarray(0, 4)], [0, 0, 0, 0]);
  t.same([...memory.bytes.subarray(4)].sort(), [1, 2, 3, 4]);
  t.same([...memory.u16.subarray(2)].sort(), [0x0102, 0x0304]);
});
