/** What is told of descriptors that end; of macvtaps' own: linux-macvtap.ts. */
import t from 'tap';
import { native } from '../../src/kernel/native.js';
import { NodeCloses } from '../../src/kernel/node-closes.js';

t.test('a node that is not there cannot be watched, and nothing is told', async (t) => {
  const closes = NodeCloses.open()._unsafeUnwrap();
  t.teardown(() => closes[Symbol.dispose]());
  t.match(closes.watch(1)._unsafeUnwrapErr(), { call: 'inotify_add_watch /dev/tap1', code: 'ENOENT' });
  t.same(closes.take(), []);
});

t.test('lost events are told', async (t) => {
  const closes = NodeCloses.open()._unsafeUnwrap();
  t.teardown(() => closes[Symbol.dispose]());
  const { closesTake } = native;
  t.teardown(() => Object.assign(native, { closesTake }));
  const take = (_fd: number, numbers: Int32Array) => {
    numbers.set([-1, 7, -9]);
    return 3;
  };
  Object.assign(native, { closesTake: take });
  t.same(closes.take(), [{ tag: 'descriptor-closed', ifindex: undefined }]);
  Object.assign(native, { closesTake: () => -9 });
  t.same(closes.take(), []);
});
