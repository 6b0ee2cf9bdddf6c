import t from 'tap';
import { compilePolicy } from '../../src/acl/policy.js';
import { parseMacPrefix } from '../../src/core/mac.js';
import { allowRule, bridgeNetwork, name, testConfig } from '../support/policy.js';

const lan = bridgeNetwork();
const lab = bridgeNetwork({ name: name('lab') });

t.test('a rule is found by network and by whom it is for', async (t) => {
  const rule = allowRule({ users: [7, '*', 7], groups: [8, 9, 8], networks: [name('lab'), name('lab')] });
  const { networks } = compilePolicy(testConfig([lan, lab], [rule]));
  const found = networks.get(name('lab'));
  const where = [found?.anyone, found?.byUid.get(7), found?.byGid.get(8), found?.byGid.get(9)];
  for (const list of where)
    t.same(
      list?.allows.map((one) => one.rule.name),
      ['all'],
      'once',
    );
  t.same([found?.byUid.size, found?.byGid.size], [1, 2]);
  const other = networks.get(name('lan'));
  t.same([other?.anyone.allows.length, other?.byUid.size, other?.byGid.size], [0, 0, 0]);
});

t.test('allows and denies apart, by name', async (t) => {
  const rules = ['b', 'c', 'a'].flatMap((text) => [
    allowRule({ name: `${text}1` }),
    allowRule({ name: `${text}2`, effect: 'deny', forms: ['dgram'] }),
  ]);
  const list = compilePolicy(testConfig([lan], rules)).networks.get(name('lan'))?.anyone;
  t.same(
    list?.allows.map(({ rule }) => rule.name),
    ['a1', 'b1', 'c1'],
  );
  t.same(
    list?.denies.map(({ rule }) => rule.name),
    ['a2', 'b2', 'c2'],
  );
  t.same([list?.allowed, list?.denied], [0b1111, 0b0010]);
});

t.test('a rule without a prefix has QEMU’s', async (t) => {
  const prefix = parseMacPrefix('02:00:00:00:00:00/16')._unsafeUnwrap();
  const rules = [allowRule({ name: 'a' }), allowRule({ name: 'b', mac: prefix })];
  const list = compilePolicy(testConfig([lan], rules)).networks.get(name('lan'))?.anyone;
  t.same(
    list?.allows.map(({ mac }) => mac),
    [{ base: 0x52_54_00_00_00_00n, length: 24 }, prefix],
  );
});

t.test('a rule for a network that is not there is a bug of the parser', async (t) => {
  t.throws(() => compilePolicy(testConfig([], [allowRule()])), /names a network that the configuration does not have/);
});
