import t from 'tap';
import type { Permit } from '../../src/core/permit.js';
import { openVhost } from '../../src/networks/vhost.js';
import { FakeKernel } from '../support/fake-kernel.js';

const permit = (vhost: Permit['vhost'], queues = 2) => ({ network: 'lan', queues, vhost }) as Permit;

t.test('one for each queue, where the permit says so', async (t) => {
  const kernel = new FakeKernel();
  t.same(openVhost(kernel, permit('no'))._unsafeUnwrap(), []);
  t.same(kernel.calls, []);
  for (const vhost of ['yes', 'auto'] as const) {
    const opened = openVhost(kernel, permit(vhost, 3))._unsafeUnwrap();
    t.equal(opened.length, 3);
    for (const fd of opened) fd.close();
  }
  t.equal(kernel.openFds.size, 0);
});

t.test('a host without it: told with the remedy, or done without; none is left open', async (t) => {
  for (const [code, remedy] of [
    ['ENOENT', /no node \/dev\/vhost-net: .* modprobe vhost_net$/],
    ['EACCES', /the broker may not open \/dev\/vhost-net/],
    ['EPERM', /DeviceAllow=/],
    ['ENODEV', /the node \/dev\/vhost-net and not its module/],
    ['EMFILE', /^network "lan" cannot be had with vhost: /],
  ] as const) {
    for (const at of [0, 1]) {
      const kernel = new FakeKernel();
      kernel.failAt(at, code);
      t.match(openVhost(kernel, permit('yes'))._unsafeUnwrapErr().what, remedy);
      kernel.failAt(at, code);
      t.same(openVhost(kernel, permit('auto'))._unsafeUnwrap(), []);
      t.equal(kernel.openFds.size, 0);
    }
  }
});
