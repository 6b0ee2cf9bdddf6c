import t from 'tap';
import { formsOf } from '../../src/acl/form-set.js';
import { type Matches, matchRules, permittedForms, rulesByName, withNamedGroups } from '../../src/acl/match.js';
import { compilePolicy } from '../../src/acl/policy.js';
import type { Config, Rule } from '../../src/core/config.js';
import type { Credentials } from '../../src/core/credentials.js';
import { allowRule, bridgeNetwork, credentials, name, testConfig } from '../support/policy.js';

function matchesOf(rules: readonly Rule[], caller: Credentials, host: Partial<Config> = {}): Matches {
  const policy = compilePolicy({ ...testConfig([bridgeNetwork()], rules), ...host }).networks.get(name('lan'));
  if (policy === undefined) throw new Error('no network');
  return matchRules(policy, caller);
}

const names = (matches: Matches, effect: 'allows' | 'denies' = 'allows') =>
  [...rulesByName(matches, effect)].map(({ rule }) => rule.name);

t.test('by user, by primary group, by supplementary group', async (t) => {
  const nobody = { users: [], groups: [] };
  const rules = [
    allowRule({ name: 'anyone' }),
    allowRule({ name: 'user', ...nobody, users: [1000] }),
    allowRule({ name: 'group', ...nobody, groups: [36] }),
    allowRule({ name: 'both', users: [1000], groups: [36, 10] }),
  ];
  const thousand = Array.from({ length: 1000 }, (_, index) => 50_000 + index);
  const table: [Credentials, string[]][] = [
    [credentials(1000), ['anyone', 'both', 'user']],
    [credentials(1001), ['anyone']],
    [credentials(1001, { gid: 36 }), ['anyone', 'both', 'group']],
    [credentials(1001, { groups: [5, 36] }), ['anyone', 'both', 'group']],
    [credentials(1000, { gid: 36, groups: [36, 10, 36] }), ['anyone', 'both', 'group', 'user']],
    [credentials(36), ['anyone', 'both', 'group']],
    [credentials(36, { gid: 1000 }), ['anyone']],
    [credentials(1001, { groups: thousand }), ['anyone']],
    [credentials(1001, { groups: [...thousand, 10] }), ['anyone', 'both']],
    [credentials(0), ['anyone']],
    [credentials(65_534), ['anyone']],
    [credentials(4_294_967_294), ['anyone']],
  ];
  for (const [caller, expected] of table)
    t.same(names(matchesOf(rules, caller)), expected, JSON.stringify(caller).slice(0, 80));
});

t.test('uids at the edges are themselves and nobody else', async (t) => {
  const ids = [0, 1, 65_534, 65_535, 65_536, 2_147_483_647, 2_147_483_648, 4_294_967_294];
  const rules = ids.map((id) => allowRule({ name: `r${id}`, users: [id], groups: [] }));
  for (const id of ids) t.same(names(matchesOf(rules, credentials(id))), [`r${id}`]);
  const groups = ids.map((id) => allowRule({ name: `r${id}`, users: [], groups: [id] }));
  for (const id of ids) t.same(names(matchesOf(groups, credentials(7, { groups: [id] }))), [`r${id}`]);
});

t.test('permitted forms', async (t) => {
  const allow = (text: string, forms?: Rule['forms']) => allowRule({ name: text, ...(forms ? { forms } : {}) });
  const deny = (text: string, forms?: Rule['forms']) => ({ ...allow(text, forms), effect: 'deny' }) as const;
  const table: [Rule[], string[]][] = [
    [[], []],
    [[allow('a')], ['tap', 'dgram', 'stream', 'socket']],
    [[allow('a', ['tap'])], ['tap']],
    [
      [allow('a', ['tap']), allow('b', ['dgram'])],
      ['tap', 'dgram'],
    ],
    [[allow('a'), deny('d')], []],
    [
      [allow('a'), deny('d', ['tap'])],
      ['dgram', 'stream', 'socket'],
    ],
    [[allow('a', ['tap']), deny('d', ['tap'])], []],
    [[allow('a', ['tap']), deny('d', ['socket'])], ['tap']],
    [
      [deny('d', ['tap']), allow('a', ['tap']), allow('b')],
      ['dgram', 'stream', 'socket'],
    ],
    [[deny('d', ['tap', 'dgram']), deny('e', ['stream', 'socket']), allow('a')], []],
  ];
  for (const [rules, expected] of table) {
    t.same(
      formsOf(permittedForms(matchesOf(rules, credentials(1000)))),
      expected,
      rules.map((rule) => rule.name).join(),
    );
  }
});

t.test('rules of several lists, each once and by name', async (t) => {
  const rules = ['d', 'b', 'a', 'c', 'e'].map((text, index) =>
    allowRule({ name: text, users: index % 2 === 0 ? [1000] : ['*'], groups: [36, index] }),
  );
  const matches = matchesOf(rules, credentials(1000, { gid: 36, groups: [0, 1, 2, 3, 4] }));
  t.same(names(matches), ['a', 'b', 'c', 'd', 'e']);
  t.same(names(matches, 'denies'), []);
  const [first] = rulesByName(matches, 'allows');
  t.equal(first?.rule.name, 'a');
});

t.test('a deny also by the account database and by owner, an allow by neither', async (t) => {
  const rules = (['allow', 'deny'] as const).flatMap((effect) => [
    allowRule({ name: `${effect}-anyone`, effect }),
    allowRule({ name: `${effect}-group`, effect, users: [], groups: [36] }),
    allowRule({ name: `${effect}-sub`, effect, users: [100_001] }),
    allowRule({ name: `${effect}-user`, effect, users: [1000] }),
  ]);
  const host = {
    deniedMembers: new Map([
      [36, [1000, 1001]],
      [37, [1000]],
    ]),
    subordinates: [
      { owner: 1000, first: 100_000, last: 100_009 },
      { owner: 1002, first: 100_005, last: 100_014 },
      { owner: undefined, first: 100_020, last: 100_029 },
    ],
  };
  const table: [Credentials, string[], string[]][] = [
    [credentials(1000), ['user'], ['group', 'user']],
    [credentials(1000, { groups: [36] }), ['group', 'user'], ['group', 'user']],
    [credentials(1001), [], ['group']],
    [credentials(1002), [], []],
    [credentials(100_000), [], ['group', 'user']],
    [credentials(100_000, { gid: 36 }), ['group'], ['group', 'user']],
    [credentials(100_001), ['sub'], ['group', 'sub', 'user']],
    [credentials(100_007), [], ['group', 'user']],
    [credentials(100_010), [], []],
    [credentials(100_020), [], []],
  ];
  for (const [caller, allows, denies] of table) {
    const matches = matchesOf(rules, caller, host);
    const prefixed = (effect: string, found: string[]) => ['anyone', ...found].sort().map((one) => `${effect}-${one}`);
    t.same(names(matches), prefixed('allow', allows), JSON.stringify(caller));
    t.same(names(matches, 'denies'), prefixed('deny', denies), JSON.stringify(caller));
    t.equal(permittedForms(matches), 0);
  }
  const narrow = { ...allowRule({ name: 'd', users: [1000], forms: ['dgram'] }), effect: 'deny' } as const;
  const left = (uid: number) => formsOf(permittedForms(matchesOf([allowRule(), narrow], credentials(uid), host)));
  t.same(left(100_000), ['tap', 'stream', 'socket'], 'of the forms that the deny names');
  t.same(left(100_010), ['tap', 'dgram', 'stream', 'socket']);
});

t.test('of the groups of a caller those stay that the configuration names', async (t) => {
  const config = testConfig(
    [bridgeNetwork()],
    [allowRule({ groups: [36] }), allowRule({ name: 'b', groups: [10, 36] })],
  );
  const groups = Array.from({ length: 65_536 }, (_, index) => index);
  const caller = credentials(1000, { gid: 5, groups });
  t.same(withNamedGroups(compilePolicy(config), caller), { ...caller, groups: [10, 36] });
  const broker = { ...config.broker, adminGroup: 7 };
  t.same(withNamedGroups(compilePolicy({ ...config, broker }), caller).groups, [7, 10, 36]);
});
