/** Requests that are served from taps made ahead, on a fake kernel. */
import { err, ok } from 'neverthrow';
import t from 'tap';
import type { Send } from '../../src/broker/session.js';
import type { BridgeNetwork } from '../../src/core/config.js';
import { tapAddress } from '../../src/core/grant.js';
import { tapName } from '../../src/core/names.js';
import type { OpenRequest } from '../../src/protocol/request.js';
import { brokerOn } from '../support/broker.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { serveNow } from '../support/fake-ports.js';
import { allowRule, bridgeNetwork, credentials, mac, name, testConfig } from '../support/policy.js';

const asked = mac('52:54:00:00:00:01');
const request: OpenRequest = { verb: 'open', network: name('lan'), form: 'tap', vnetHdr: true, mac: asked };

/** A broker with four spares, whose rule gives uid 1000 four queues and vhost; no call of the kernel is counted as yet. */
async function machine(folder: string, change: Partial<BridgeNetwork> = {}) {
  const kernel = new FakeKernel();
  kernel.spares = true;
  kernel.addBridge('br0', { bridge: { vlanFiltering: true, defaultVlan: 1 } });
  const config = testConfig([bridgeNetwork(change)], [allowRule({ users: [1000], maxQueues: 4, vhost: 'yes' })]);
  let loaded = config;
  const { broker, audited } = brokerOn(kernel, config, folder, () => ok(loaded));
  broker.spares.take();
  while (broker.spares.count < 4) await new Promise(setImmediate);
  const spareNames = () => [...kernel.links.values()].flatMap((link) => (link.kind === 'tun' ? [link.name] : []));
  const serve = (what: Partial<OpenRequest> = {}, send: Send = () => ok(), uid = 1000) =>
    serveNow(broker, credentials(uid), { ...request, ...what }, undefined, send);
  const reload = (spareTaps: number) => {
    loaded = { ...config, broker: { ...config.broker, spareTaps } };
    broker.reload()._unsafeUnwrap();
  };
  kernel.calls.length = 0;
  return { kernel, broker, audited, spareNames, serve, reload };
}

t.test('a spare becomes the grant that it is named for', async (t) => {
  for (const change of [{}, { lockMac: true, vlan: 7 }]) {
    const { kernel, broker, audited, spareNames, serve } = await machine(t.testdir(), change);
    const before = spareNames();
    let fields: ReadonlyMap<string, string> | undefined;
    let link: object | undefined;
    const entry = serve({}, (reply, fds) => {
      fields = reply.status === 'ok' ? reply.fields : undefined;
      link = [...kernel.links.values()].find(({ ifindex, master }) => ifindex > 1 && master === 1);
      t.equal(fds.length, 1);
      return ok();
    });
    if (entry === undefined || entry.ifname === null) throw new Error('no grant');
    t.notOk(kernel.calls.includes('openTap'));
    t.equal(entry.ifname, tapName(entry.id));
    t.ok(before.includes(entry.ifname), 'it was there before the request');
    t.same([fields?.get('grant'), fields?.get('ifname')], [entry.id, entry.ifname]);
    t.match(link, {
      ...{ ifindex: entry.ifindex, name: entry.ifname, up: true, address: tapAddress(entry.id) },
      alias: new RegExp(`^fdbroker grant=${entry.id} uid=1000 .* mac=${asked}`),
    });
    t.match(audited(), [{ event: 'granted', grant: entry.id, ifname: entry.ifname }]);
    t.equal(broker.ledger.get(entry.id), entry);
    t.equal(kernel.openFds.size, 3, 'the others are left, and no copy of this one');
  }
});

t.test('who asks for a form that a bridge has not costs nobody a spare', async (t) => {
  const { broker, serve } = await machine(t.testdir());
  for (const form of ['dgram', 'stream', 'socket'] as const) t.equal(serve({ form }), undefined, form);
  t.equal(broker.spares.count, 4);
});

t.test('whatever fails with a spare, nothing of it is left', async (t) => {
  for (const change of [{}, { lockMac: true, vlan: 7 }]) {
    const rehearsal = await machine(t.testdir(), change);
    rehearsal.serve({ vhost: 'auto' });
    for (const [at, call] of [...rehearsal.kernel.calls].entries()) {
      const { kernel, broker, spareNames, serve } = await machine(t.testdir(), change);
      const before = spareNames();
      kernel.failAt(at, 'EPERM');
      t.equal(serve({ vhost: 'auto' }), undefined, call);
      t.equal(kernel.openFds.size, 3, `${call}: the other spares are left`);
      t.same(spareNames(), before.slice(0, 3), call);
      t.ok([...kernel.links.values()].every(({ alias, master }) => alias === '' && master === 0));
      t.same([kernel.entries.size, broker.ledger.size], [0, 0], call);
    }
  }
  const { kernel, broker, serve } = await machine(t.testdir());
  t.equal(
    serve({}, () => err({ tag: 'sys', call: 'sendmsg', code: 'EPIPE', errno: 32 })),
    undefined,
  );
  t.same([kernel.openFds.size, broker.ledger.size], [3, 0], 'one that could not be sent');
});

t.test('what a spare is not, is made for the request', async (t) => {
  const others: [string, Partial<OpenRequest>][] = [
    ['without virtio-net headers', { vnetHdr: false }],
    ['with several queues', { queues: 2 }],
  ];
  for (const [title, what] of others) {
    const { kernel, broker, spareNames, serve } = await machine(t.testdir());
    const before = spareNames();
    const entry = serve(what);
    t.ok(entry, title);
    t.equal(kernel.calls.filter((call) => call === 'openTap').length, 1, title);
    t.notOk(before.includes(entry?.ifname ?? ''), title);
    t.equal(broker.spares.count, 4, `${title}: none is used`);
  }
});

t.test('who is denied takes none', async (t) => {
  const { kernel, broker, serve } = await machine(t.testdir());
  t.equal(
    serve({}, () => ok(), 2000),
    undefined,
  );
  t.equal(serve({ network: name('none') }), undefined);
  broker.suspensions.add(1000);
  t.equal(serve(), undefined);
  t.equal(broker.spares.count, 4);
  t.same(kernel.calls, []);
});

t.test('a reload says how many from then on', async (t) => {
  const { kernel, broker, serve, reload } = await machine(t.testdir());
  reload(1);
  t.same([broker.spares.count, kernel.openFds.size], [1, 1]);
  t.notOk(kernel.calls.includes('openTap'));
  reload(0);
  t.same(kernel.leftovers(), []);
  t.ok(serve());
  t.ok(kernel.calls.includes('openTap'), 'requests are served without');
  await new Promise(setImmediate);
  t.same(kernel.leftovers(), []);
});
