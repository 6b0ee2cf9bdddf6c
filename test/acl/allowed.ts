import t from 'tap';
import { allowedNetworks } from '../../src/acl/allowed.js';
import { compilePolicy } from '../../src/acl/policy.js';
import type { Rule } from '../../src/core/config.js';
import { allowRule, bridgeNetwork, credentials, name, testConfig } from '../support/policy.js';

const networks = ['lan', 'lab', 'dmz'].map((text) => bridgeNetwork({ name: name(text) }));
const rule = (text: string, on: readonly string[], change: Partial<Rule> = {}) =>
  allowRule({ name: text, networks: on.map(name), ...change });

function allowed(rules: readonly Rule[], uid = 1000) {
  const policy = compilePolicy(testConfig(networks, rules));
  return allowedNetworks(policy, credentials(uid, { groups: [36] })).map((one) => ({
    ...one,
    countedNetworks: [...one.countedNetworks],
  }));
}

const all = ['tap', 'dgram', 'stream', 'socket'];

t.test('only what the caller may use', async (t) => {
  t.same(allowed([]), []);
  const rules = [
    rule('mine', ['lab', 'lan'], { users: [1000] }),
    rule('theirs', ['dmz'], { users: [1001] }),
    rule('no', ['lab'], { effect: 'deny', users: [], groups: [36] }),
  ];
  t.same(allowed(rules), [{ network: 'lan', forms: all, maxQueues: 1, vhost: 'no', countedNetworks: ['lab', 'lan'] }]);
  t.same(
    allowed(rules, 1001).map(({ network }) => network),
    ['dmz'],
  );
  t.same(allowed(rules, 1002), []);
});

t.test('in which forms', async (t) => {
  const rules = [
    rule('a', ['lan'], { forms: ['tap'] }),
    rule('b', ['lan', 'lab'], { forms: ['stream', 'dgram'] }),
    rule('no', ['lan', 'lab', 'dmz'], { effect: 'deny', forms: ['dgram'] }),
    rule('c', ['dmz'], { forms: ['dgram'] }),
  ];
  t.same(
    allowed(rules).map(({ network, forms }) => [network, ...forms]),
    [
      ['lan', 'tap', 'stream'],
      ['lab', 'stream'],
    ],
  );
});

t.test('how many ports: under the most generous rule that is of use', async (t) => {
  const few = rule('few', ['lan'], { maxPorts: 2 });
  const more = rule('more', ['lan', 'lab'], { maxPorts: 5 });
  const useless = rule('useless', ['lan'], { forms: ['socket'], maxPorts: 99 });
  const no = rule('no', ['lan'], { effect: 'deny', forms: ['socket'] });
  t.match(allowed([few]), [{ network: 'lan', maxPorts: 2, countedNetworks: ['lan'] }]);
  const [lan] = allowed([few, more, useless, no]);
  t.match(lan, { network: 'lan', maxPorts: 5, countedNetworks: ['lan', 'lab'] });
  const [free] = allowed([few, more, rule('free', ['lan'])]);
  t.notOk('maxPorts' in (free ?? {}), 'no limit');
});
