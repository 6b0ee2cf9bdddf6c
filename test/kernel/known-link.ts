/** When a link that was read before has to be read again. */
import t, { type Test } from 'tap';
import type { Link } from '../../src/kernel/kernel.js';
import { addBridge, ifname, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';

inPrivateNamespace();
const br0 = ifname('br0');

/** A bridge br0, a kernel that knows it, and a look at it: what is known, having been read now. */
function machine(t: Test) {
  const kernel = openKernel(t);
  addBridge(t, 'br0');
  const known = (): Link | undefined => kernel.knownLink(br0)._unsafeUnwrap();
  const isFresh = (title: string): Link | undefined => {
    const link = known();
    t.same(link, kernel.linkByName(br0)._unsafeUnwrap(), title);
    return link;
  };
  return { kernel, known, isFresh };
}

t.test('one that is as it was is not read again', async (t) => {
  const { known, isFresh } = machine(t);
  const first = isFresh('the first time');
  t.match(first, { kind: 'bridge', mtu: 1500, address: '02:00:00:00:00:01' });
  t.equal(known(), first);
});

t.test('a changed MTU or address is seen at once', async (t) => {
  const { isFresh } = machine(t);
  isFresh('before');
  sh('ip link set br0 mtu 1400');
  t.equal(isFresh('MTU')?.mtu, 1400);
  for (const address of ['02:00:00:00:00:02', '06:00:00:00:00:02']) {
    sh(`ip link set br0 address ${address}`);
    t.equal(isFresh(address)?.address, address);
  }
});

t.test('one that is put up or down is seen at once', async (t) => {
  const { isFresh } = machine(t);
  const { up } = isFresh('before') as Link;
  for (const state of up ? ['down', 'up'] : ['up', 'down']) {
    sh(`ip link set br0 ${state}`);
    t.equal(isFresh(state)?.up, state === 'up');
  }
});

t.test('another link of the name is seen at once, also with all but the ifindex the same', async (t) => {
  const { isFresh } = machine(t);
  const before = isFresh('before');
  sh('ip link del br0; ip link add br0 address 02:00:00:00:00:01 type bridge');
  const after = isFresh('a bridge');
  t.not(after?.ifindex, before?.ifindex);
  sh('ip link del br0; ip link add br0 address 02:00:00:00:00:01 type veth peer name other');
  t.equal(isFresh('no bridge')?.kind, 'veth');
  sh('ip link set br0 name br1; ip link add br0 address 02:00:00:00:00:01 type bridge; ip link del br1');
  t.equal(isFresh('one was renamed, and another has the name')?.kind, 'bridge');
});

t.test('one that is gone, comes and goes', async (t) => {
  const { known, isFresh } = machine(t);
  isFresh('there');
  sh('ip link set br0 name away');
  t.equal(known(), undefined);
  t.equal(known(), undefined, 'nor the next time');
  sh('ip link set away name br0');
  t.equal(isFresh('it is back')?.name, 'br0');
});

t.test('a link without an Ethernet address', async (t) => {
  const { kernel } = machine(t);
  const lo = kernel.knownLink(ifname('lo'))._unsafeUnwrap();
  t.match(lo, { name: 'lo', ifindex: 1 });
  t.equal(kernel.knownLink(ifname('lo'))._unsafeUnwrap(), lo);
});
