import t from 'tap';
import { decide } from '../../src/acl/decide.js';
import { compilePolicy } from '../../src/acl/policy.js';
import { Ledger } from '../../src/broker/ledger.js';
import type { Grant } from '../../src/core/grant.js';
import { parseGrantId } from '../../src/core/names.js';
import { networkError } from '../../src/networks/network.js';
import { describeNetwork, openNetwork } from '../../src/networks/open.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { allowRule, bridgeNetwork, credentials, mac, testConfig } from '../support/policy.js';

const network = bridgeNetwork();
const policy = compilePolicy(testConfig([network], [allowRule()]));

function open(kernel: FakeKernel, form: 'tap' | 'stream') {
  const ask = { network: network.name, form, mac: mac('52:54:00:00:00:01') };
  const permit = decide(policy, credentials(1000), ask, new Ledger())._unsafeUnwrap();
  const id = parseGrantId('00000001')._unsafeUnwrap();
  const grant: Grant = { id, uid: 1000, gid: 1000, network: network.name, form, mac: permit.mac, holder: 1, since: 1 };
  return openNetwork(kernel, network, permit, grant, { vnetHdr: true });
}

t.test('a network is opened by its type', async (t) => {
  const kernel = new FakeKernel();
  t.match(describeNetwork(kernel, network), { on: 'br0', mtu: null, problem: /there is no interface br0/ });
  kernel.addBridge('br0');
  t.match(describeNetwork(kernel, network), { on: 'br0', mtu: 1500, problem: null });
  using port = open(kernel, 'tap')._unsafeUnwrap();
  t.equal(port.ifname, 'fdb00000001');
});

t.test('a form that its type does not have is refused before anything is made', async (t) => {
  const kernel = new FakeKernel();
  t.match(open(kernel, 'stream')._unsafeUnwrapErr().what, /"lan" is of type bridge and offers form tap/);
  t.same(kernel.calls, []);
});

t.test('an error of the kernel is told with what it was for', async (t) => {
  const cause = { tag: 'sys', call: 'TUNSETIFF', code: 'EPERM', errno: 1 } as const;
  t.same(networkError('it cannot be opened', cause), {
    tag: 'network',
    what: 'it cannot be opened: TUNSETIFF: EPERM',
    cause,
  });
});
