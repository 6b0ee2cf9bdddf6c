/** Orders and answers as bytes; helper/keeper/main.c, on the other side, is met in test/broker/keeper.ts. */
import t from 'tap';
import { decodeKeeperAnswer, encodeKeeperOrder, type KeeperOrder } from '../../src/protocol/keeper-order.js';

t.test('orders', async (t) => {
  const orders: [KeeperOrder, string][] = [
    [{ order: 'tap', mtu: 1500, vnetHdr: true }, 'tap 1500 yes\n'],
    [{ order: 'tap', mtu: 68, vnetHdr: false }, 'tap 68 no\n'],
    [{ order: 'keep', port: 65_535, guest: true, bytes: Buffer.from('a\nb') }, 'keep 65535 guest\na\nb'],
    [{ order: 'keep', port: 0, guest: false, bytes: Buffer.from('') }, 'keep 0 uplink\n'],
    [{ order: 'drop', port: 0 }, 'drop 0\n'],
    [{ order: 'list' }, 'list\n'],
  ];
  for (const [order, text] of orders) t.equal(encodeKeeperOrder(order).toString(), text);
});

t.test('answers', async (t) => {
  const decode = (text: string) => decodeKeeperAnswer(Buffer.from(text, 'latin1'));
  t.same(decode('tap\n'), { answer: 'tap' });
  t.same(decode('listed\n'), { answer: 'listed' });
  t.same(decode('failed 28 unshare\n'), { answer: 'failed', errno: 28, call: 'unshare' });
  t.same(decode('failed 2 open /dev/net/tun\n'), { answer: 'failed', errno: 2, call: 'open /dev/net/tun' });
  t.same(decode('kept\na\nb\0'), { answer: 'kept', bytes: Buffer.from('a\nb\0') });
  for (const text of ['', 'tap', 'taps\n', 'failed\n', 'failed x unshare\n', 'failed 1 \x1b[0m\n', '\n']) {
    t.equal(decode(text), undefined, JSON.stringify(text));
  }
});
