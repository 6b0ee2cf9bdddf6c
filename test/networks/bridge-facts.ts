/** What a bridge network is now, and what may be remembered of it. Bridges that cannot serve: bridge.ts. */
import { ok } from 'neverthrow';
import t from 'tap';
import { describeBridge, usableBridge } from '../../src/networks/bridge-facts.js';
import { Outlook } from '../../src/networks/outlook.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { addBridge, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { bridgeNetwork } from '../support/policy.js';

inPrivateNamespace();

t.test('it is told as it is at this moment, whatever was remembered for opening', async (t) => {
  const kernel = openKernel(t);
  addBridge(t, 'br0');
  const plain = bridgeNetwork();
  const remember = () => usableBridge(kernel, plain)._unsafeUnwrap();
  remember();
  t.match(describeBridge(new Outlook(kernel), plain), { on: 'br0', mtu: 1500, problem: null });
  sh('ip link set br0 down');
  remember();
  t.match(describeBridge(new Outlook(kernel), plain).problem, /^the bridge br0 is down; ip link set br0 up$/);
  sh('ip link set br0 up mtu 1400');
  t.match(describeBridge(new Outlook(kernel), plain), { mtu: 1400, problem: null });
});

t.test('an MTU that the bridge’s other ports may not have', async (t) => {
  const kernel = new FakeKernel();
  kernel.addBridge('br0');
  const caution = (mtu: number) => describeBridge(new Outlook(kernel), bridgeNetwork({ mtu })).caution;
  t.match(caution(9000), /^larger frames than the 1500 bytes of br0 reach only ports with such an MTU$/);
  t.equal(caution(1500), undefined);
});

t.test('whether a bridge filters VLANs is asked anew, also for opening', async (t) => {
  const kernel = new FakeKernel();
  kernel.addBridge('br0', { bridge: { vlanFiltering: false, defaultVlan: 1 } });
  const remembered = kernel.addBridge('br0', { bridge: { vlanFiltering: true, defaultVlan: 1 } });
  kernel.knownLink = () => ok(remembered);
  t.ok(usableBridge(kernel, bridgeNetwork()).isOk());
  t.match(usableBridge(kernel, bridgeNetwork({ vlan: 20 }))._unsafeUnwrapErr().what, /vlan = 20 needs VLAN filtering/);
});
