/** What a macvtap network can do. Parents that cannot serve are in macvtap.ts, too. */
import t from 'tap';
import type { MacvtapNetwork } from '../../src/core/config.js';
import type { Link } from '../../src/kernel/kernel.js';
import { describeMacvtap } from '../../src/networks/macvtap-facts.js';
import { Outlook } from '../../src/networks/outlook.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { macvtapNetwork } from '../support/policy.js';

const describe = (kernel: FakeKernel, one: MacvtapNetwork) => describeMacvtap(new Outlook(kernel), one);

function machine(parent: Partial<Link> = {}): FakeKernel {
  const kernel = new FakeKernel();
  kernel.addBridge('eth1', { kind: '', mtu: 1400, ...parent });
  return kernel;
}

t.test('a parent that cannot serve is told, and what is known all the same', async (t) => {
  t.match(describe(machine({ up: false }), macvtapNetwork()), {
    on: 'eth1',
    mtu: null,
    problem: /eth1 is down/,
  });
  const absent = describe(machine({ name: 'eth2' }), macvtapNetwork({ mtu: 1300 }));
  t.match(absent, { on: 'eth1', mtu: 1300, problem: /no interface eth1/ });
  const unknown = machine();
  unknown.failAt(0, 'EPERM');
  t.match(describe(unknown, macvtapNetwork()).problem, /EPERM; the broker needs CAP_NET_ADMIN/);
});

t.test('who reaches whom', async (t) => {
  const kernel = machine();
  for (const [mode, guestsReachEachOther] of Object.entries({
    bridge: true,
    private: false,
    passthru: false,
    vepa: null,
  })) {
    const network = macvtapNetwork({ mode: mode as MacvtapNetwork['mode'] });
    t.same(describe(kernel, network), {
      ...{ on: 'eth1', mtu: 1400, guestsReachEachOther, hostReachable: false, outsideReachable: true, problem: null },
      ...{ uplinks: ['eth1'], caution: "its guests cannot reach this host's own addresses on eth1, nor the host them" },
    });
  }
});

t.test('the outside: where the parent has a carrier, and leads anywhere', async (t) => {
  const reached = { outsideReachable: true, uplinks: ['eth1'] };
  t.match(describe(machine({ kind: 'veth' }), macvtapNetwork()), reached);
  for (const parent of [{ carrier: false }, { kind: 'dummy' }, { up: false }, { name: 'eth2' }]) {
    const facts = describe(machine(parent), macvtapNetwork());
    t.equal(facts.outsideReachable, false, JSON.stringify(parent));
    t.notOk(facts.uplinks);
  }
});
