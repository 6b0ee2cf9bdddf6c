/** What a permit says of the device: queues and vhost. */
import t from 'tap';
import type { Vhost } from '../../src/core/config.js';
import { bridgeNetwork } from '../support/policy.js';
import { allow, denial, permit } from '../support/scene.js';
import { udpNetwork } from '../support/socket-networks.js';

t.test('queues, as many as a rule gives', async (t) => {
  const rules = [allow('a'), allow('b', { maxQueues: 4 })];
  t.match(permit({ rules, queues: 4 }), { queues: 4, rule: { name: 'b' } });
  t.match(permit({ rules }), { queues: 1, rule: { name: 'a' } });
  t.match(denial({ rules, queues: 5 }), { kind: 'device', message: /^you may have 4 queues on network "lan"/ });
  t.match(denial({ rules: [allow('a')], queues: 2 }), { kind: 'device', message: /^you may have 1 queue on/ });
});

t.test('several queues of a tap alone', async (t) => {
  const networks = [udpNetwork()];
  const rules = [allow('a', { maxQueues: 4 })];
  t.match(permit({ rules, networks, form: 'dgram', queues: 1 }), { queues: 1 });
  t.match(denial({ rules, networks, form: 'dgram', queues: 2 }), {
    kind: 'device',
    message: 'network "lan" has one queue in form dgram; ask without queues=, or with queues=1',
  });
});

t.test('vhost: what is asked for, where network and rule give it, and a must where one of them says yes', async (t) => {
  const network = (vhost: Vhost) => [bridgeNetwork({ vhost })];
  const given = (asked: Vhost, offered: Vhost, rule: Vhost) =>
    permit({ rules: [allow('a', { vhost: rule })], networks: network(offered), vhost: asked }).vhost;
  t.same(
    (['no', 'auto', 'yes'] as const).map((rule) => given('auto', 'auto', rule)),
    ['no', 'auto', 'yes'],
  );
  t.same([given('no', 'yes', 'yes'), given('auto', 'no', 'yes'), given('auto', 'yes', 'auto')], ['no', 'no', 'yes']);
  t.same([given('yes', 'auto', 'auto'), given('yes', 'yes', 'yes')], ['yes', 'yes']);
  const rules = [allow('a', { vhost: 'no' }), allow('b', { vhost: 'yes', maxQueues: 1 })];
  t.match(permit({ rules, vhost: 'yes' }), { vhost: 'yes', rule: { name: 'b' } });
  t.match(denial({ rules: [allow('a')], vhost: 'yes' }), { kind: 'device', message: /^no rule gives you vhost/ });
  t.match(denial({ rules, networks: network('no'), vhost: 'yes' }), {
    kind: 'device',
    message: /is given without vhost/,
  });
});
