import { err } from 'neverthrow';
import t from 'tap';
import { decide } from '../../src/acl/decide.js';
import { compilePolicy } from '../../src/acl/policy.js';
import { Ledger } from '../../src/broker/ledger.js';
import type { Grant } from '../../src/core/grant.js';
import { parseGrantId } from '../../src/core/names.js';
import { networkError } from '../../src/networks/network.js';
import { describeNetwork, openNetwork } from '../../src/networks/open.js';
import { Outlook } from '../../src/networks/outlook.js';
import type { OpenRequest } from '../../src/protocol/request.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { allowRule, bridgeNetwork, credentials, mac, testConfig } from '../support/policy.js';

const noSwitch = {
  plug: () => err(networkError('there is no switch')),
  ready: () => undefined,
  openTap: async () => err('there is no keeper'),
};
const network = bridgeNetwork();
const policy = compilePolicy(testConfig([network], [allowRule({ maxQueues: 4, vhost: 'yes' })]));

function open(kernel: FakeKernel, form: 'tap' | 'stream', device: Pick<OpenRequest, 'queues' | 'vhost'> = {}) {
  const ask = { network: network.name, form, mac: mac('52:54:00:00:00:01'), ...device };
  const permit = decide(policy, credentials(1000), ask, new Ledger())._unsafeUnwrap();
  const id = parseGrantId('00000001')._unsafeUnwrap();
  const grant: Grant = { id, uid: 1000, gid: 1000, network: network.name, form, mac: permit.mac, holder: 1, since: 1 };
  const opened = openNetwork(kernel, network, permit, grant, { vnetHdr: true, switchboard: noSwitch });
  if (opened instanceof Promise) throw new Error('a bridge takes no time');
  return opened;
}

t.test('a network is opened by its type', async (t) => {
  const kernel = new FakeKernel();
  t.match(describeNetwork(new Outlook(kernel), network), {
    on: 'br0',
    mtu: null,
    problem: /there is no interface br0/,
  });
  kernel.addBridge('br0');
  t.match(describeNetwork(new Outlook(kernel), network), { on: 'br0', mtu: 1500, problem: null });
  using port = open(kernel, 'tap')._unsafeUnwrap();
  t.equal(port.ifname, 'fdb00000001');
});

t.test('a form that its type does not have is refused before anything is made', async (t) => {
  const kernel = new FakeKernel();
  t.match(
    open(kernel, 'stream')._unsafeUnwrapErr().what,
    /"lan" is of type bridge, which offers tap and not stream; ask for form tap/,
  );
  t.same(kernel.calls, []);
});

t.test('queues first, then their vhost descriptors; nothing is left when any call fails', async (t) => {
  const kernel = new FakeKernel();
  kernel.addBridge('br0');
  const port = open(kernel, 'tap', { queues: 3, vhost: 'yes' })._unsafeUnwrap();
  t.equal(port.fds.length, 6);
  t.equal(kernel.calls.filter((call) => call === 'openVhost').length, 3);
  t.equal(kernel.calls.filter((call) => call === 'openQueue').length, 2);
  port[Symbol.dispose]();
  t.same(kernel.leftovers(), []);
  for (const [at, call] of kernel.calls.entries()) {
    const failing = new FakeKernel();
    failing.addBridge('br0');
    failing.failAt(at);
    t.ok(open(failing, 'tap', { queues: 3, vhost: 'yes' }).isErr(), call);
    t.same(failing.leftovers(), [], call);
  }
});

t.test('an error of the kernel is told with what it was for', async (t) => {
  const cause = { tag: 'sys', call: 'TUNSETIFF', code: 'EPERM', errno: 1 } as const;
  t.same(networkError('it cannot be opened', cause), {
    tag: 'network',
    what: 'it cannot be opened: TUNSETIFF: EPERM',
    cause,
  });
});
