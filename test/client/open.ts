/** Opening a network from a program: what is asked, what comes of the answer, and that no descriptor is left. */
import t from 'tap';
import { describeClientError, type OpenOptions, open } from '../../src/client/index.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { socketPair } from '../../src/kernel/seqpacket.js';
import { encodeReply, okReply } from '../../src/protocol/reply.js';
import { openFds, untilOpenFds } from '../support/descriptors.js';
import { ScriptedServer } from '../support/scripted-server.js';

const listing = {
  ...{ name: 'lan', type: 'bridge', on: 'br0', forms: ['tap'], mtu: 1500, bridge: 'br0', vlan: null, isolated: false },
  ...{ lockMac: false, hairpin: false, maxQueues: 1, vhost: 'no', maxPorts: null, usedPorts: 0, capture: false },
  ...{ uplinks: [], routed: false, filteredBy: [] },
  ...{
    guestsReachEachOther: true,
    hostReachable: true,
    outsideReachable: null,
    caution: null,
    vhostAvailable: true,
    problem: null,
  },
};
const granted = { grant: '1a2b3c4d', network: 'lan', form: 'tap', mac: '52:54:00:00:00:01', mtu: '1500' };

/** A broker with these networks, that answers `open` with those fields and as many descriptors. */
function broker(forms: Readonly<Record<string, readonly string[]>>, answer: Record<string, string>, count = 1) {
  const [one, other] = socketPair('stream')._unsafeUnwrap();
  t.teardown(() => [one, other].forEach((end: OwnedFd) => end.close()));
  return new ScriptedServer(({ request, ok, send }) => {
    const rows = Object.entries(forms).map(([name, offered]) => ({ ...listing, name, forms: offered }));
    if (request.verb === 'networks') ok({ data: JSON.stringify(rows) });
    else send(encodeReply(okReply(answer)), Array(count).fill(one.fd));
  }).start();
}

t.test('a tap, with all that is known of it', async (t) => {
  using server = broker({}, { ...granted, ifname: 'fdb1a2b3c4d' });
  const options = { network: 'lan', form: 'tap', mac: '52:54:00:00:00:01', socket: server.path } as const;
  const opened = (await open(options))._unsafeUnwrap();
  t.match(opened, { ...granted, mtu: 1500, ifname: 'fdb1a2b3c4d', server: false, vhostFds: [] });
  t.equal(opened.fds.length, 1);
  t.ok(opened.fds[0]?.open);
  opened[Symbol.dispose]();
  t.notOk(opened.fds[0]?.open);
  t.same(server.requests, ['fdbroker 1\nverb=open\nnetwork=lan\nform=tap\nvnet-hdr=yes\nmac=52:54:00:00:00:01\n']);
});

t.test('the promise to use any address', async (t) => {
  using server = broker({}, granted, 1);
  using opened = (await open({ network: 'lan', form: 'tap', mac: 'any', socket: server.path }))._unsafeUnwrap();
  t.equal(opened.mac, granted.mac);
  t.match(server.requests, [/\nmac=any\n$/]);
});

t.test('queues with vhost: its descriptors come behind', async (t) => {
  using server = broker({}, { ...granted, queues: '2', vhost: 'yes' }, 4);
  const options = { network: 'lan', form: 'tap', queues: 2, vhost: 'auto', socket: server.path } as const;
  using opened = (await open(options))._unsafeUnwrap();
  t.equal(opened.fds.length, 2);
  t.equal(opened.vhostFds.length, 2);
  t.match(server.requests, [/\nqueues=2\nvhost=auto\n$/]);
});

t.test('a socket that is not connected says where to send', async (t) => {
  using server = broker({}, { ...granted, form: 'socket', to: '[ff15::1:2]:5000' });
  using opened = (await open({ network: 'lan', form: 'socket', socket: server.path }))._unsafeUnwrap();
  t.match(opened, { form: 'socket', to: '[ff15::1:2]:5000' });
});

t.test('who names no form gets the best that is offered', async (t) => {
  const offers: [forms: readonly string[], form: string][] = [
    [['socket', 'stream', 'dgram', 'tap'], 'dgram'],
    [['socket', 'tap'], 'tap'],
    [['socket', 'dgram'], 'dgram'],
    [['stream', 'socket'], 'stream'],
    [['socket'], 'tap'],
  ];
  for (const [forms, form] of offers) {
    using server = broker({ other: ['dgram'], lan: forms }, { ...granted, form, server: 'yes' });
    using opened = (await open({ network: 'lan', socket: server.path }))._unsafeUnwrap();
    t.match(opened, { form, server: true });
  }
  using server = broker({}, granted);
  using opened = (await open({ network: 'lan', vnetHdr: false, socket: server.path }))._unsafeUnwrap();
  t.equal(opened.form, 'tap', 'of a network that is not listed the broker tells');
  t.match(server.requests[1], /\nform=tap\nvnet-hdr=no\n/);
});

t.test('who holds it may be told by a descriptor', async (t) => {
  const [one, other] = socketPair('stream')._unsafeUnwrap();
  let carried = 0;
  using server = new ScriptedServer(({ fds, send }) => {
    carried = fds.length;
    send(encodeReply({ status: 'denied', message: 'not for you' }));
  }).start();
  const error = (await open({ network: 'lan', form: 'tap', holder: one.fd, socket: server.path }))._unsafeUnwrapErr();
  t.same(error, { tag: 'refused', status: 'denied', message: 'not for you' });
  t.equal(carried, 1);
  t.ok(one.open);
  for (const end of [one, other]) end.close();
});

t.test('an answer that is wrong is refused, and its descriptors are closed', async (t) => {
  const wrong: [answer: Record<string, string>, count: number, words: RegExp][] = [
    [granted, 0, /0 descriptors came with it, and 1 belong to it/],
    [granted, 2, /2 descriptors came with it/],
    [{ ...granted, queues: '2', vhost: 'yes' }, 3, /and 4 belong to it/],
    [{ ...granted, form: 'dgram' }, 1, /of another form/],
    [{ ...granted, mac: 'x' }, 1, /a field of the grant is missing/],
    [{ ...granted, grant: '' }, 1, /a field of the grant is missing/],
    [{ ...granted, mtu: '-1' }, 1, /a field of the grant is missing/],
    [{ ...granted, queues: 'many' }, 1, /a field of the grant is missing/],
  ];
  for (const [answer, count, words] of wrong) {
    using server = broker({}, answer, count);
    const before = openFds();
    const error = (await open({ network: 'lan', form: 'tap', socket: server.path }))._unsafeUnwrapErr();
    t.match(describeClientError(error), words);
    await untilOpenFds(before + 1);
  }
});

t.test('what cannot be is not asked', async (t) => {
  const never: [options: OpenOptions, words: RegExp][] = [
    [{ network: '-lan' }, /not a network name/],
    [{ network: 'lan', mac: 'x' }, /not a MAC address/],
    [{ network: 'lan', queues: 0 }, /0 queues are asked for; 1 to 126 are possible/],
    [{ network: 'lan', queues: 127 }, /127 queues/],
    [{ network: 'lan', socket: '' }, /the socket path is empty/],
  ];
  for (const [options, words] of never) {
    const error = (await open({ socket: '/nonexistent/control', ...options }))._unsafeUnwrapErr();
    t.match(describeClientError(error), words);
  }
  const nobody = await open({ network: 'lan', socket: '/nonexistent/control' });
  t.match(nobody._unsafeUnwrapErr(), { tag: 'no-broker' });
});

t.test('one deadline for all of it', async (t) => {
  using server = new ScriptedServer(({ request, ok }) => {
    if (request.verb === 'networks') ok({ data: '[]' });
  }).start();
  const error = (await open({ network: 'lan', timeout: 0.2, socket: server.path }))._unsafeUnwrapErr();
  t.same(error, { tag: 'timeout', socket: server.path, stage: 'reply', seconds: 0.2 });
});
