import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { accessSentence } from '../../src/acl/denial.js';
import type { Rule } from '../../src/core/config.js';
import { parseMacPrefix } from '../../src/core/mac.js';
import { bridgeNetwork, credentials, name } from '../support/policy.js';
import { allow, decideIn, denial, deny, permit, type Scene } from '../support/scene.js';

const prefix = (text: string) => parseMacPrefix(text)._unsafeUnwrap();

t.test('a permit says who, what, which address, and by which rule', async (t) => {
  const caller = credentials(1000, { gid: 36, groups: [5] });
  const rule = allow('kvm', { users: [], groups: [5], origin: { file: '/etc/a.ini', line: 7 } });
  t.same(permit({ rules: [rule], caller }), {
    ...{ uid: 1000, gid: 36, network: 'lan', form: 'tap', mac: '52:54:00:99:24:e6' },
    ...{ queues: 1, vhost: 'no' },
    rule: { name: 'kvm', file: '/etc/a.ini', line: 7 },
  });
  t.equal(permit({ rules: [rule], caller, mac: '52:54:00:00:00:01' }).mac, '52:54:00:00:00:01');
});

t.test('nothing is allowed by default, to root neither', async (t) => {
  for (const uid of [0, 1000, 65_534, 4_294_967_294]) {
    const { kind, reason, message } = denial({ caller: credentials(uid) });
    t.same([kind, message], ['access', accessSentence(uid, name('lan'))]);
    t.equal(reason, `no rule for uid ${uid}, gid ${uid} or a supplementary group allows it`);
  }
});

t.test('a deny wins', async (t) => {
  const table: [string, readonly Rule[], string][] = [
    ['over anyone', [allow('a'), deny('d', { users: [1000] })], 'd'],
    ['over the user', [allow('a', { users: [1000] }), deny('d')], 'd'],
    ['by group', [allow('a', { users: [1000] }), deny('d', { users: [], groups: [36] })], 'd'],
    ['before it or behind', [deny('0'), allow('a'), allow('z')], '0'],
    ['without an allow', [deny('d')], 'd'],
    ['by form, where no other is left', [allow('a', { forms: ['tap'] }), deny('d', { forms: ['tap'] })], 'd'],
    [
      'in two parts',
      [allow('a'), deny('d', { forms: ['dgram', 'stream', 'socket'] }), deny('e', { forms: ['tap'] })],
      'e',
    ],
  ];
  for (const [what, rules, expected] of table) {
    const error = denial({ rules, caller: credentials(1000, { groups: [36] }) });
    t.same([error.kind, error.message], ['access', accessSentence(1000, name('lan'))], what);
    t.same(error.rule?.name, expected, what);
    t.match(error.reason, `[rule ${expected}] (test.ini:10)`, what);
    t.match(error.reason, 'denies it', what);
  }
  t.ok(decideIn({ rules: [allow('a'), deny('d', { users: [1001], groups: [36] })] }).isOk(), 'of somebody else');
  t.ok(decideIn({ rules: [allow('a'), deny('d', { networks: [name('lab')] })] }).isOk(), 'of another network');
});

t.test('without access there is no other question', async (t) => {
  const closed: Scene[] = [
    { network: 'nowhere' },
    { rules: [] },
    { rules: [allow('a', { users: [1001], maxPorts: 1 })] },
    { rules: [allow('a', { maxPorts: 1 }), deny('d')] },
    { rules: [allow('a', { forms: ['stream'] }), deny('d', { forms: ['stream'] })] },
  ];
  const questions: Scene[] = [
    {},
    { form: 'socket' },
    { mac: '02:00:00:00:00:01' },
    { mac: '52:54:00:00:00:01', taken: ['52:54:00:00:00:01'] },
    { ports: { lan: 100 } },
    { networks: [bridgeNetwork({ lockMac: true })] },
  ];
  for (const scene of closed) {
    for (const question of questions) {
      const { kind, message } = denial({ ...scene, ...question });
      const sentence = accessSentence(1000, name(scene.network ?? 'lan'));
      t.same([kind, message], ['access', sentence], JSON.stringify([scene, question]).slice(0, 100));
    }
  }
  t.equal(denial({ network: 'nowhere' }).reason, 'there is no such network');
});

t.test('forms', async (t) => {
  const rules = [allow('a', { forms: ['tap', 'dgram'] }), deny('d', { forms: ['dgram'] })];
  t.equal(permit({ rules }).form, 'tap');
  t.match(denial({ rules, form: 'dgram' }), { kind: 'form', rule: { name: 'd' }, message: /ask for tap$/ });
  t.match(denial({ rules, form: 'stream' }), { kind: 'form', reason: /no rule that matches allows it/ });
  const two = [allow('a', { forms: ['stream'] }), allow('b', { forms: ['tap'] })];
  t.equal(permit({ rules: two }).rule.name, 'b', 'the rule is one that allows the form');
});

t.test('quotas', async (t) => {
  const both = { networks: [name('lan'), name('lab')], maxPorts: 3 };
  const rules = [allow('a', both)];
  t.ok(decideIn({ rules, ports: { lan: 1, lab: 1 } }).isOk());
  t.match(denial({ rules, ports: { lan: 1, lab: 2 } }), {
    kind: 'quota',
    rule: { name: 'a' },
    message: /^you have 3 of at most 3 /,
  });
  t.match(denial({ rules, ports: { lab: 7 } }), { kind: 'quota', message: /^you have 7 of at most 3 / });
  t.ok(decideIn({ rules, ports: { other: 9 } }).isOk(), 'other networks do not count');
  t.ok(decideIn({ rules, ports: { lan: 9 }, caller: credentials(1001) }).isOk(), 'nor do other users');
  const more = [...rules, allow('b', { maxPorts: 5 }), allow('c', { maxPorts: 4 })];
  t.equal(permit({ rules: more, ports: { lan: 3 } }).rule.name, 'b', 'another rule may have room');
  t.match(denial({ rules: more, ports: { lan: 6 } }), { rule: { name: 'b' }, message: /6 of at most 5/ });
  t.equal(permit({ rules: [...more, allow('d')], ports: { lan: 99 } }).rule.name, 'd');
});

t.test('addresses', async (t) => {
  const own = allow('own', { mac: prefix('02:00:00:00:00:00/40') });
  const rules = [own, allow('usual')];
  t.equal(permit({ rules, mac: '52:54:00:00:00:01' }).rule.name, 'usual');
  t.equal(permit({ rules, mac: '02:00:00:00:00:01' }).rule.name, 'own');
  t.match(permit({ rules }), { rule: { name: 'own' }, mac: /^02:00:00:00:00:/ });
  const outside = denial({ rules, mac: '06:00:00:00:00:01' });
  t.match(outside, { kind: 'mac', message: /take one inside 02:00:00:00:00:00\/40 or 52:54:00:00:00:00\/24/ });
  const taken = ['52:54:00:00:00:01', '52:54:00:99:24:e6'];
  const message = 'the address 52:54:00:00:00:01 is in use; take another inside 52:54:00:00:00:00/24, or name none';
  t.match(denial({ rules, mac: '52:54:00:00:00:01', taken }), { kind: 'mac', message });
  t.equal(permit({ rules: [allow('usual')], taken }).mac, '52:54:00:99:24:e7', 'the next one that is free');
});

t.test('a rule whose addresses are used up leaves the next', async (t) => {
  const narrow = allow('narrow', { mac: prefix('02:00:00:00:00:00/47') });
  const taken = ['02:00:00:00:00:00', '02:00:00:00:00:01'];
  t.equal(permit({ rules: [narrow, allow('usual')], taken }).rule.name, 'usual');
  t.match(denial({ rules: [narrow], taken }), {
    kind: 'mac',
    message: /^every address of 02:00:00:00:00:00\/47 is in use/,
  });
});

t.test('a prefix counts only with room under the same rule', async (t) => {
  const rules = [allow('full', { mac: prefix('02:00:00:00:00:00/40'), maxPorts: 1 }), allow('usual')];
  const error = denial({ rules, mac: '02:00:00:00:00:01', ports: { lan: 1 } });
  t.match(error, { kind: 'mac', rule: { name: 'usual' } });
  t.notMatch(error.message, '02:00:00:00:00:00/40');
});

t.test('a network that locks the address', async (t) => {
  const networks = [bridgeNetwork({ lockMac: true })];
  const rules = [allow('a')];
  const message =
    'network "lan" locks the MAC address: say --mac=52:54:00:99:24:e6 in helper= and mac=52:54:00:99:24:e6 on the device, or have "fdbroker exec" do both';
  t.match(denial({ rules, networks }), { kind: 'mac', message });
  t.equal(permit({ rules, networks, mac: '52:54:00:99:24:e6' }).mac, '52:54:00:99:24:e6');
  const taken = ['52:54:00:99:24:e6'];
  t.match(denial({ rules, networks, taken }).message, 'say --mac=52:54:00:99:24:e7', 'one that can be had');
  t.equal(denial({ rules: [allow('a', { maxPorts: 1 })], networks, ports: { lan: 1 } }).kind, 'quota');
});

t.test('who promises to use any address is given one, of the rule’s prefix and unused', async (t) => {
  for (const lockMac of [true, false]) {
    const networks = [bridgeNetwork({ lockMac })];
    const rules = [allow('a')];
    t.equal(permit({ rules, networks, mac: 'any' }).mac, '52:54:00:99:24:e6');
    t.equal(permit({ rules, networks, mac: 'any', taken: ['52:54:00:99:24:e6'] }).mac, '52:54:00:99:24:e7');
    const [low, high] = ['02:00:00:00:00:06', '02:00:00:00:00:07'];
    const narrow = [allow('a', { mac: prefix(`${low}/47`) })];
    const given = permit({ rules: narrow, networks, mac: 'any' }).mac;
    t.match(given, /^02:00:00:00:00:0[67]$/);
    const left = given === low ? high : low;
    t.equal(permit({ rules: narrow, networks, mac: 'any', taken: [given] }).mac, left);
    const none = denial({ rules: narrow, networks, mac: 'any', taken: [low, high] });
    t.match(none, { kind: 'mac', message: /^every address of 02:00:00:00:00:06\/47 is in use/ });
    t.equal(denial({ rules: [], networks, mac: 'any' }).kind, 'access');
  }
});

t.test('the order of the rules never matters', async (t) => {
  const rules = [
    allow('a', { maxPorts: 1, mac: prefix('02:00:00:00:00:00/40') }),
    allow('b', { users: [1000], forms: ['tap'], maxPorts: 2, mac: prefix('06:00:00:00:00:00/47') }),
    allow('c', { users: [], groups: [36], forms: ['stream', 'tap'] }),
    allow('d', { users: [1001] }),
    deny('e', { forms: ['socket'] }),
    deny('f', { users: [1002] }),
  ];
  const scenes: Scene[] = [0, 1, 2, 3].flatMap((lan) =>
    [1000, 1001, 1002, 1003].flatMap((uid) =>
      (['tap', 'stream', 'socket'] as const).flatMap((form) =>
        [{}, { mac: '02:00:00:00:00:09' }, { mac: '06:00:00:00:00:01' }].map((asked) => {
          const taken = ['06:00:00:00:00:00', '06:00:00:00:00:01'].slice(lan % 2);
          return { ...asked, form, ports: { lan }, taken, caller: credentials(uid, { groups: [36] }) };
        }),
      ),
    ),
  );
  const verdicts = (order: readonly Rule[]) => scenes.map((scene) => decideIn({ ...scene, rules: order }));
  const expected = verdicts(rules);
  t.ok(expected.some((one) => one.isOk()) && expected.some((one) => one.isErr()));
  for (let turn = 1; turn < 20; turn++) {
    // Another order in every turn: by the digits of a multiple of a prime
    const order = [...rules].sort((x, y) => rank(x, turn) - rank(y, turn));
    t.same(verdicts(order), expected, order.map((one) => one.name).join(''));
  }
});

function rank(rule: Rule, turn: number): number {
  return (rule.name.charCodeAt(0) * 7919 * turn) % 101;
}

t.test('decide.ts alone in acl makes permits', async (t) => {
  const files = readdirSync('src/acl').filter((file) =>
    /\bas (unknown as )?Permit\b/.test(readFileSync(`src/acl/${file}`, 'utf8')),
  );
  t.same(files, ['decide.ts']);
});
