import t from 'tap';
import { decideCapture } from '../../src/acl/capture.js';
import { compilePolicy } from '../../src/acl/policy.js';
import type { Rule } from '../../src/core/config.js';
import { allowRule, bridgeNetwork, credentials, name, testConfig } from '../support/policy.js';

function decided(rules: readonly Rule[], uid = 1000) {
  const policy = compilePolicy(testConfig([bridgeNetwork()], rules));
  return decideCapture(policy, credentials(uid), name('lan'));
}

const plain = allowRule();
const seeing = allowRule({ name: 'seeing', users: [1000], capture: true });
const deny = (change: Partial<Rule>): Rule => allowRule({ name: 'no', effect: 'deny', users: [1000], ...change });

t.test('by a rule that matches and says so', async (t) => {
  t.match(decided([plain, seeing])._unsafeUnwrap(), { name: 'seeing', line: 10 });
  t.match(decided([seeing])._unsafeUnwrap(), { name: 'seeing' });
});

t.test('nobody else, root neither', async (t) => {
  for (const [rules, uid, kind] of [
    [[plain], 1000, 'capture'],
    [[plain, seeing], 1001, 'capture'],
    [[plain, seeing], 0, 'capture'],
    [[seeing], 0, 'access'],
    [[plain, allowRule({ name: 'not', capture: false })], 1000, 'capture'],
    [[plain, seeing, deny({})], 1000, 'access'],
    [[plain, { ...seeing, forms: ['dgram'] }, deny({ forms: ['dgram'] })], 1000, 'capture'],
  ] as const) {
    t.equal(decided(rules, uid)._unsafeUnwrapErr().kind, kind);
  }
  t.match(decided([plain])._unsafeUnwrapErr().message, /^no rule lets you capture the frames of network "lan"/);
});

t.test('who has no access cannot tell a network that there is from one that there is not', async (t) => {
  const policy = compilePolicy(testConfig([bridgeNetwork()], [seeing]));
  const [one, other] = ['lan', 'wan'].map((network) =>
    decideCapture(policy, credentials(1001), name(network))._unsafeUnwrapErr(),
  );
  t.equal(one?.message.replace('lan', 'wan').replace('lan', 'wan'), other?.message);
});
