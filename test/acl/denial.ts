import t from 'tap';
import * as deny from '../../src/acl/denial.js';
import { compilePolicy, type PolicyRule } from '../../src/acl/policy.js';
import { allowRule, bridgeNetwork, mac, name, testConfig } from '../support/policy.js';

const secret = bridgeNetwork({ name: name('secret') });
const rule = allowRule({ maxPorts: 2, networks: [name('lan'), name('secret')] });
const policy = compilePolicy(testConfig([bridgeNetwork(), secret], [rule]));
const [compiled] = [...policy.networks.values()].flatMap(({ anyone }) => anyone.allows) as [PolicyRule];

t.test('who has no access is told one sentence, made of the request alone', async (t) => {
  const sentence = deny.accessSentence(1000, name('lan'));
  t.match(sentence, /^no rule lets uid 1000 use network "lan"; "fdbroker networks" lists what you may use/);
  t.equal(deny.accessDenial(1000, name('lan'), 'there is no such network').message, sentence);
  t.equal(deny.accessDenial(1000, name('lan'), 'x denies it', compiled).message, sentence);
  t.equal(deny.accessSentence.length, 2, 'it depends on nothing else');
});

t.test('the audit log gets the rule and the reason, the client what to do', async (t) => {
  const reference = { name: 'all', file: 'test.ini', line: 10 };
  const table: [deny.Denial, Partial<deny.Denial>, RegExp, RegExp][] = [
    [
      deny.formDenial(name('lan'), 'dgram', ['tap', 'stream']),
      { kind: 'form' },
      /^form dgram on network "lan": no rule that matches allows it$/,
      /^network "lan" is not yours as form dgram; ask for tap or stream$/,
    ],
    [
      deny.formDenial(name('lan'), 'dgram', ['tap'], compiled),
      { kind: 'form', rule: reference },
      /^form dgram on network "lan": \[rule all\] \(test.ini:10\) denies it$/,
      /ask for tap$/,
    ],
    [
      deny.quotaDenial(name('lan'), compiled, 2, 2),
      { kind: 'quota', rule: reference },
      /^\[rule all\] \(test.ini:10\) allows 2 ports over lan, secret; 2 in use$/,
      /^you have 2 of at most 2 ports counted for network "lan"; .*"fdbroker release GRANT"; "fdbroker ports" lists yours$/,
    ],
    [
      deny.quotaDenial(name('lan'), compiled, 1, 1),
      { kind: 'quota', rule: reference },
      / allows 1 port over lan, secret; 1 in use$/,
      /^you have 1 of at most 1 port counted for network "lan"; /,
    ],
    [
      deny.outsidePrefix(mac('02:00:00:00:00:01'), [compiled, compiled]),
      { kind: 'mac', rule: reference },
      /^address 02:00:00:00:00:01 is outside 52:54:00:00:00:00\/24 of \[rule all\]/,
      /is not yours to use; take one inside 52:54:00:00:00:00\/24, or name none$/,
    ],
    [
      deny.addressInUse(mac('52:54:00:00:00:01'), compiled),
      { kind: 'mac', rule: reference },
      /^address 52:54:00:00:00:01 is in use by another grant$/,
      /^the address 52:54:00:00:00:01 is in use; take another inside 52:54:00:00:00:00\/24, or name none$/,
    ],
    [
      deny.noAddressLeft(compiled),
      { kind: 'mac', rule: reference },
      /every address of 52:54:00:00:00:00\/24 is in use$/,
      /^every address of .* is in use; end a guest/,
    ],
    [
      deny.addressNeeded(name('lan'), mac('52:54:00:ab:cd:ef'), compiled),
      { kind: 'mac', rule: reference },
      /^network "lan" has lock-mac = yes and the request named no address$/,
      /^network "lan" locks the MAC address: say --mac=52:54:00:ab:cd:ef in helper= and mac=52:54:00:ab:cd:ef on the device, or have /,
    ],
  ];
  for (const [denial, expected, reason, message] of table) {
    t.match(denial, { tag: 'denied', ...expected });
    t.match(denial.reason, reason);
    t.match(denial.message, message);
    t.notMatch(denial.message, /secret|test\.ini|\[rule/, 'the client is told of no other network and of no file');
    t.notMatch(denial.message, /[\n\r]/);
  }
  t.notOk('rule' in deny.formDenial(name('lan'), 'dgram', ['tap']));
});
