import t from 'tap';
import { explain } from '../../src/acl/explain.js';
import { compilePolicy } from '../../src/acl/policy.js';
import type { Config, Network, Rule } from '../../src/core/config.js';
import type { Credentials } from '../../src/core/credentials.js';
import type { Form } from '../../src/core/form.js';
import { parseMacPrefix } from '../../src/core/mac.js';
import { allowRule, bridgeNetwork, credentials, mac, name, testConfig } from '../support/policy.js';
import { multicastNetwork } from '../support/socket-networks.js';

const at = (line: number) => ({ origin: { file: '/etc/a.ini', line } });
const locked = bridgeNetwork({ name: name('locked'), lockMac: true });

function explained(
  rules: readonly Rule[],
  ask: { network?: string; form?: Form; mac?: string } = {},
  caller?: Credentials,
  host: Partial<Config> = {},
) {
  const { network = 'lan', form = 'tap' } = ask;
  const address = ask.mac === undefined ? {} : { mac: mac(ask.mac) };
  const policy = compilePolicy({ ...testConfig([bridgeNetwork(), locked], rules), ...host });
  return explain(policy, caller ?? credentials(1000, { groups: [4, 36] }), {
    network: name(network),
    form,
    ...address,
  });
}

t.test('allowed: by which rule, with which address, within which limits', async (t) => {
  const rules = [
    allowRule({
      name: 'ci',
      ...at(3),
      users: [1000],
      groups: [1000, 36, 4],
      maxPorts: 16,
      networks: [name('lan'), name('locked')],
    }),
    allowRule({ name: 'zz', ...at(9) }),
    allowRule({ name: 'other', ...at(12), users: [1001] }),
    allowRule({ name: 'nosock', ...at(20), effect: 'deny', forms: ['socket'] }),
  ];
  t.same(explained(rules), {
    verdict: 'allowed',
    rule: { name: 'ci', file: '/etc/a.ini', line: 3 },
    why: '[rule ci] (/etc/a.ini:3) allows it',
    mac: '52:54:00:99:24:e6',
    matching: [
      { name: 'nosock', file: '/etc/a.ini', line: 20, effect: 'deny', because: ['anyone'] },
      {
        ...{ name: 'ci', file: '/etc/a.ini', line: 3, effect: 'allow' },
        because: ['uid 1000', 'primary group 1000', 'supplementary group 4', 'supplementary group 36'],
      },
      { name: 'zz', file: '/etc/a.ini', line: 9, effect: 'allow', because: ['anyone'] },
    ],
    advice: ['at most 16 ports over lan, locked together; ports in use are not counted here'],
  });
  t.same(explained([allowRule()]).advice, []);
});

t.test('no such network', async (t) => {
  t.same(explained([], { network: 'wan' }), {
    verdict: 'denied',
    why: 'there is no such network',
    matching: [],
    advice: ['add a section [network wan], or name one that is there: there are lan, locked'],
  });
});

t.test('no rule: how there could be one', async (t) => {
  const nothing = explained([]);
  t.match(nothing, { verdict: 'denied', why: /^no rule for uid 1000, gid 1000/ });
  t.same(nothing.advice, ['add a rule with effect = allow, user[] = 1000 and network[] = lan']);
  const rules = [
    allowRule({ name: 'ci', ...at(3), users: [1001], groups: [107] }),
    allowRule({ name: 'ops', ...at(8), users: [1002] }),
    allowRule({ name: 'stream', ...at(12), users: [1002], forms: ['stream'] }),
    allowRule({ name: 'never', ...at(15), users: [1003], effect: 'deny' }),
  ];
  t.same(explained(rules).advice, [
    '[rule ci] (/etc/a.ini:3) allows it to others: add user[] = 1000 to it, or put the user into group 107',
    '[rule ops] (/etc/a.ini:8) allows it to others: add user[] = 1000 to it',
    'or add a rule with effect = allow, user[] = 1000 and network[] = lan',
  ]);
});

t.test('a deny: every one that stands in the way', async (t) => {
  const rules = [
    allowRule({ name: 'a', ...at(3) }),
    allowRule({ name: 'd', ...at(5), effect: 'deny', users: [1000] }),
    allowRule({ name: 'e', ...at(7), effect: 'deny', users: [], groups: [36], forms: ['tap'] }),
    allowRule({ name: 'f', ...at(9), effect: 'deny', forms: ['dgram'] }),
  ];
  const { verdict, rule, advice, matching } = explained(rules);
  t.equal(verdict, 'denied');
  t.equal(rule?.name, 'd');
  t.same(
    matching.map((one) => one.name),
    ['d', 'e', 'f', 'a'],
  );
  t.same(advice, [
    '[rule d] (/etc/a.ini:5) must no longer match uid 1000; a deny always wins',
    '[rule e] (/etc/a.ini:7) must no longer match supplementary group 36; a deny always wins',
  ]);
  const alone = explained(rules.slice(1));
  t.equal(alone.advice.length, 3, 'and then a rule is needed that allows it');
  t.match(alone.advice[2], /^add a rule with effect = allow/);
});

t.test('refused: not in this form, not with this address', async (t) => {
  const rules = [allowRule({ name: 'a', ...at(3), forms: ['tap'], networks: [name('lan'), name('locked')] })];
  const others = [allowRule({ name: 'a', ...at(3), forms: ['stream'] })];
  t.match(explained(others), {
    verdict: 'refused',
    advice: ['[rule a] (/etc/a.ini:3) must allow the form too: add form[] = tap'],
  });
  const deny = allowRule({ name: 'd', ...at(5), effect: 'deny', forms: ['tap'] });
  t.match(explained([...others, deny]).advice, [
    /^\[rule d\] .* must no longer match anyone/,
    /^\[rule a\] .* add form\[\] = tap/,
  ]);
  t.match(explained(rules, { mac: '02:00:00:00:00:01' }), { verdict: 'refused', advice: [/take one inside 52:54:00/] });
  t.match(explained(rules, { network: 'locked' }), {
    verdict: 'refused',
    advice: [/^network "locked" locks the MAC address: say --mac=/],
  });
  t.equal(explained(rules, { network: 'locked', mac: '52:54:00:00:00:01' }).verdict, 'allowed');
  const narrow = [allowRule({ mac: parseMacPrefix('02:00:00:00:00:00/47')._unsafeUnwrap() })];
  t.match(explained(narrow).mac, /^02:00:00:00:00:0[01]$/);
});

t.test('refused: a form that the type of the network does not offer, whatever the rules say', async (t) => {
  const refused = {
    verdict: 'refused',
    why: 'network "lan" is of type bridge, which offers tap and not dgram',
    matching: [{ name: 'all' }],
    advice: ['ask for form tap'],
  };
  t.match(explained([allowRule()], { form: 'dgram' }), refused, 'a rule allows it');
  t.match(explained([allowRule({ forms: ['tap'] })], { form: 'dgram' }), refused, 'none does');
  const { verdict, advice } = explained([], { form: 'dgram' });
  t.equal(verdict, 'denied', 'no access comes first');
  t.match(advice, [/^add a rule/, /^ask for form tap: network "lan" is of type bridge/]);
});

t.test('groups by name, where they have one', async (t) => {
  const rules = [
    allowRule({ name: 'ci', ...at(3), users: [], groups: [36, 107] }),
    allowRule({ name: 'd', ...at(5), effect: 'deny', users: [], groups: [4] }),
  ];
  const policy = compilePolicy({ ...testConfig([bridgeNetwork()], rules), deniedMembers: new Map([[4, [1001]]]) });
  const ask = { network: name('lan'), form: 'tap' } as const;
  const names = new Map([
    [4, 'adm'],
    [36, 'kvm'],
  ]);
  const of = (caller: Credentials) => explain(policy, caller, ask, (gid) => names.get(gid));
  t.match(of(credentials(1000, { gid: 36, groups: [107] })).matching, [
    { because: ['primary group kvm', 'supplementary group 107'] },
  ]);
  t.match(of(credentials(1001, { groups: [36] })).matching, [
    { because: ['group adm by the account database'] },
    { because: ['supplementary group kvm'] },
  ]);
  t.match(of(credentials(1000)).advice, [/put the user into group kvm or 107$/, /^or add a rule/]);
});

t.test('a deny that matches by the account database, or the owner of the uid', async (t) => {
  const deniedMembers = new Map([[36, [1000, 1001]]]);
  const subordinates = [{ owner: 1000, first: 100_000, last: 100_009 }];
  const host = { deniedMembers, subordinates };
  const rules = [
    allowRule({ name: 'a', maxPorts: 2 }),
    allowRule({ name: 'd', ...at(5), effect: 'deny', users: [1000], groups: [36] }),
  ];
  const because = (caller: Credentials) =>
    explained(rules, {}, caller, host).matching.find(({ name }) => name === 'd')?.because;
  t.same(because(credentials(1001)), ['group 36 by the account database']);
  t.same(because(credentials(1001, { groups: [36] })), ['supplementary group 36']);
  t.same(because(credentials(1001, { gid: 36 })), ['primary group 36']);
  t.same(because(credentials(100_000)), [
    'uid 1000, whose subordinate uid it is',
    'group 36 of uid 1000, whose subordinate uid it is',
  ]);
  t.same(explained(rules, {}, credentials(1001), host).advice, [
    '[rule d] (/etc/a.ini:5) must no longer match group 36 by the account database; a deny always wins',
  ]);
  const [allow] = rules;
  const advice = allow === undefined ? [] : explained([allow], {}, credentials(100_000), host).advice;
  t.match(advice, ['at most 2 ports over lan together, counted with those of uid 1000; ports in use']);
});

t.test('whether its frames may be captured, where the switch carries it', async (t) => {
  const seeing = allowRule({ name: 'seeing', ...at(3), users: [1000], capture: true });
  const plain = allowRule({ name: 'plain', ...at(9), users: [1000, 1001] });
  const of = (network: Network, uid: number) => {
    const policy = compilePolicy(testConfig([network], [seeing, plain]));
    return explain(policy, credentials(uid), { network: name('lan'), form: 'tap' }).capture;
  };
  const rule = { name: 'seeing', file: '/etc/a.ini', line: 3 };
  t.same(of(multicastNetwork(), 1000), { rule, why: '[rule seeing] (/etc/a.ini:3) allows it' });
  t.same(of(multicastNetwork(), 1001), { why: 'no rule for network "lan" that matches has capture = yes' });
  t.equal(of(multicastNetwork(), 1002), undefined, 'who has no access is told of that alone');
  t.equal(of(bridgeNetwork(), 1000), undefined);
});
