/** What the real kernel answers where there is no SR-IOV; with it: test/qemu and docs/qemu.md say what was tried. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { functionDevice } from '../../src/kernel/linux-virtual-functions.js';
import { ipLink, openKernel } from '../support/links.js';
import { addWire } from '../support/macvtap.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';

inPrivateNamespace();

t.test('an interface without functions', async (t) => {
  const { functions } = openKernel(t);
  addWire(t);
  const { ifindex } = ipLink('wire0');
  t.same(functions.list(ifindex)._unsafeUnwrap(), []);
  const whole = { address: '52:54:00:12:34:56', vlan: 7, priority: 0, spoofCheck: true };
  for (const change of [whole, { spoofCheck: true }, { vlan: 7, priority: 0 }]) {
    t.match(functions.set(ifindex, 0, change)._unsafeUnwrapErr(), { code: 'EOPNOTSUPP' }, 'it was understood');
  }
  t.match(functions.list(9999)._unsafeUnwrapErr(), { code: 'ENODEV' });
});

t.test('an alias, up and down', async (t) => {
  const { functions } = openKernel(t);
  addWire(t);
  const { ifindex } = ipLink('wire0');
  t.ok((await functions.setUp(ifindex, false)).isOk());
  t.notOk(ipLink('wire0').flags.includes('UP'));
  t.ok(functions.label(ifindex, 'of a test').isOk());
  t.match(ipLink('wire0'), { ifalias: 'of a test' });
  t.ok((await functions.setUp(ifindex, true)).isOk());
  t.ok(ipLink('wire0').flags.includes('UP'));
  t.notMatch(sh('ip -6 address show dev wire0'), 'inet6', 'no address of the host’s');
  t.match((await functions.setUp(9999, true))._unsafeUnwrapErr(), { code: 'ENODEV' });
});

t.test('the PCI device of a function is where its physical one points', async (t) => {
  const devices = t.testdir();
  const physical = '0000:01:00.0';
  mkdirSync(join(devices, physical));
  symlinkSync('../0000:01:10.2', join(devices, physical, 'virtfn1'));
  t.equal(functionDevice(physical, 1, devices), '0000:01:10.2');
  t.equal(functionDevice(physical, 2, devices), undefined);
  t.equal(functionDevice('', 0, devices), undefined);
});
