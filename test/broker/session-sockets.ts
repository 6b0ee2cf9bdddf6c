/** Requests for sockets, on a fake kernel: what a link's grant has no part of. */
import { ok } from 'neverthrow';
import t, { type Test } from 'tap';
import { Endings } from '../../src/broker/endings.js';
import { listPorts } from '../../src/broker/listings.js';
import { release } from '../../src/broker/orders.js';
import { type Send, serveOpen } from '../../src/broker/session.js';
import { Upkeep } from '../../src/broker/upkeep.js';
import type { Network, Rule } from '../../src/core/config.js';
import { offeredForms } from '../../src/core/offered-forms.js';
import { socketPair } from '../../src/kernel/seqpacket.js';
import type { Reply } from '../../src/protocol/reply.js';
import type { OpenRequest } from '../../src/protocol/request.js';
import { brokerOn } from '../support/broker.js';
import { openFds } from '../support/descriptors.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { allowRule, credentials, name, testConfig } from '../support/policy.js';
import { multicastNetwork, packetNetwork, tcpNetwork, udpNetwork } from '../support/socket-networks.js';

const uid = process.getuid?.() ?? 0;
const caller = credentials(uid, { pid: process.pid });

function machine(t: Test, network: Network, rule: Partial<Rule> = {}) {
  const kernel = new FakeKernel();
  kernel.addBridge('eth2', { kind: '' });
  const made = brokerOn(kernel, testConfig([network], [allowRule({ users: [uid], ...rule })]), t.testdir());
  const [end, connection] = socketPair('seqpacket')._unsafeUnwrap();
  t.teardown(() => {
    for (const holder of made.broker.ledger.entries()) if (holder.ifindex === null) holder.holding[Symbol.dispose]();
    end.close();
    connection.close();
  });
  const sent: { reply: Reply; fds: number }[] = [];
  const send: Send = (reply, fds) => {
    sent.push({ reply, fds: fds.length });
    return ok();
  };
  const form = offeredForms(network).at(-1) ?? 'tap';
  const request: OpenRequest = { verb: 'open', network: name('lan'), form, vnetHdr: false };
  const open = (how: Send = send) => serveOpen(made.broker, caller, request, undefined, how, connection);
  const fieldsOf = (at: number) => {
    const reply = sent[at]?.reply;
    return reply?.status === 'ok' ? Object.fromEntries(reply.fields) : reply;
  };
  return { kernel, sent, send, connection, open, fieldsOf, ...made };
}

const networks: [string, Network, Record<string, string>][] = [
  ['udp', udpNetwork(), { form: 'socket' }],
  ['tcp connect', tcpNetwork('connect'), { form: 'socket', server: 'no' }],
  ['tcp listen', tcpNetwork('listen'), { form: 'socket', server: 'yes' }],
  ['packet', packetNetwork(), { form: 'socket' }],
  ['multicast', multicastNetwork(), { form: 'socket', to: '239.1.2.3:5000' }],
];

for (const [title, network, fields] of networks) {
  t.test(`${title}: a grant without a link`, async (t) => {
    const { kernel, open, fieldsOf, broker, audited } = machine(t, network);
    const entry = await open();
    t.match(entry, { uid, network: 'lan', ifname: null, ifindex: null, mtu: 1500, state: 'up', holder: process.pid });
    t.match(fieldsOf(0), { network: 'lan', mtu: '1500', queues: '1', vhost: 'no', mac: /^52:54:00/, ...fields });
    t.notHas(fieldsOf(0), { ifname: '' });
    const [granted] = audited();
    t.match(granted, { event: 'granted', rule: 'test.ini:10 [rule all]', form: fields['form'] });
    t.notHas(granted, { ifname: '' });
    const ports = listPorts(broker, caller, undefined);
    const rows = JSON.parse((ports.status === 'ok' && ports.fields.get('data')) || '[]');
    t.match(rows, [{ grant: entry?.id, ifname: null, ifindex: null, queues: 1, state: 'up' }]);
    t.equal(kernel.sockets.followed.size, 1);
    t.equal(broker.holders.size, 1);
  });

  t.test(`${title}: ends with its holder, and not with a dump of links`, async (t) => {
    const { kernel, open, broker, audited } = machine(t, network);
    const entry = await open();
    using upkeep = new Upkeep(broker, new Endings(broker));
    upkeep.take([{ tag: 'overrun' }]);
    t.equal(broker.ledger.size, 1);
    for (const tell of [...kernel.sockets.followed.values()]) tell();
    t.same([broker.ledger.size, broker.holders.size, kernel.sockets.followed.size], [0, 0, 0]);
    const [granted] = audited();
    t.match(granted, { pid: caller.pid, rule: /^test.ini:10 / });
    const { pid, rule } = granted ?? {};
    t.match(audited().at(-1), { event: 'ended', pid, rule, grant: entry?.id, reason: 'its holder has ended' });
  });
}

t.test('release forgets the grant, and says that the socket stays', async (t) => {
  const { kernel, open, broker } = machine(t, udpNetwork());
  const entry = await open();
  const answer = await release(broker, new Endings(broker), caller, entry?.id as never);
  t.match(answer.status === 'ok' && answer.fields.get('note'), /the socket stays with whoever has it/);
  t.same([broker.ledger.size, broker.holders.size, kernel.sockets.followed.size], [0, 0, 0]);
});

t.test('a grant counts while it connects, its address is taken, and others are served', async (t) => {
  const { kernel, open, sent, fieldsOf, broker } = machine(t, tcpNetwork('connect'), { maxPorts: 1 });
  let connect = () => {};
  kernel.sockets.connecting = new Promise((resolve) => {
    connect = resolve;
  });
  const opening = open();
  t.ok(opening instanceof Promise);
  t.equal(broker.ledger.portsOf(uid, new Set([name('lan')])), 1);
  t.equal(await open(), undefined);
  t.match(sent, [{ reply: { status: 'refused', message: /1/ } }], 'the second is told while the first connects');
  connect();
  const entry = await opening;
  t.match(fieldsOf(1), { grant: entry?.id });
  t.equal(broker.ledger.portsOf(uid, new Set([name('lan')])), 1);
});

t.test('a holder that ends while it connects has no grant', async (t) => {
  const { kernel, open, broker, audited } = machine(t, tcpNetwork('connect'));
  let connect = () => {};
  kernel.sockets.connecting = new Promise((resolve) => {
    connect = resolve;
  });
  const opening = open();
  for (const tell of [...kernel.sockets.followed.values()]) tell();
  connect();
  await opening;
  t.same([broker.ledger.size, broker.holders.size], [0, 0]);
  t.match(audited(), [{ event: 'granted' }, { event: 'ended', reason: 'its holder has ended' }]);
});

t.test('no more holders are followed than there is room for, and one user gets a quarter', async (t) => {
  const { open, sent, broker } = machine(t, tcpNetwork('connect'));
  broker.holders.room = 8;
  for (const _time of [1, 2]) t.ok(await open());
  t.equal(await open(), undefined);
  t.match(sent[2]?.reply, { status: 'failed', message: /has 2 sockets out, and the broker follows no more/ });
  broker.holders.room = 2;
  t.equal(await open(), undefined);
});

for (const [network, form, words] of [
  [udpNetwork(), 'tap', /which offers dgram, socket and not tap; ask for form dgram or socket/],
  [
    packetNetwork({ bare: false }),
    'socket',
    /every interface of the broker's .*; .*the administrator writes bare = yes/,
  ],
] as const) {
  t.test(`${network.type} as ${form}: a sentence, and nothing is made or followed`, async (t) => {
    const { kernel, sent, send, broker, audited, connection } = machine(t, network);
    const before = openFds();
    const request: OpenRequest = { verb: 'open', network: name('lan'), form, vnetHdr: false };
    t.equal(await serveOpen(broker, caller, request, undefined, send, connection), undefined);
    t.match(sent, [{ reply: { status: 'failed', message: words }, fds: 0 }]);
    t.same([kernel.leftovers(), broker.holders.size, broker.ledger.size, openFds()], [[], 0, 0, before]);
    t.match(audited(), [{ event: 'failed', reason: words }]);
  });
}
