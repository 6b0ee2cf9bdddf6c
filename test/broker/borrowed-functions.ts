/** Grants on SR-IOV functions, on a fake kernel: whoever ends one gives the function back. On a card: test/qemu. */
import { setImmediate as settled } from 'node:timers/promises';
import { ok } from 'neverthrow';
import t, { type Test } from 'tap';
import { Endings } from '../../src/broker/endings.js';
import type { LinkEntry } from '../../src/broker/ledger.js';
import { serveOpen } from '../../src/broker/session.js';
import { Upkeep } from '../../src/broker/upkeep.js';
import { brokerOn } from '../support/broker.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { allowRule, credentials, macvtapNetwork, name, testConfig } from '../support/policy.js';

const before = { vlan: 7, priority: 3, spoofCheck: false };
const config = testConfig([macvtapNetwork({ pool: true, mode: 'passthru', vlan: 100 })], [allowRule()]);

/** A broker with a grant on the one function of eth1, whose interface has ifindex 2. */
async function granted(t: Test) {
  const kernel = new FakeKernel();
  kernel.addBridge('eth1', { kind: '' });
  kernel.addBridge('eth1v0', { kind: '', up: false, device: '0000:01:10.0' });
  kernel.functions.all.push({ number: 0, device: '0000:01:10.0', address: '00:00:00:00:00:00', ...before });
  const { broker, audited } = brokerOn(kernel, config, t.testdir());
  const request = { verb: 'open', network: name('lan'), form: 'tap', vnetHdr: false } as const;
  const send = (_reply: unknown, fds: readonly { release(): number }[]) => {
    for (const fd of fds) kernel.openFds.delete(fd.release());
    return ok();
  };
  const entry = (await serveOpen(broker, credentials(1000), request, undefined, send)) as LinkEntry;
  const isBack = () => kernel.links.get(2)?.up === false && kernel.functions.all[0]?.vlan === 7;
  return { kernel, broker, audited, entry, isBack };
}

t.test('the grant tells the VLAN and has the function', async (t) => {
  const { kernel, entry, isBack } = await granted(t);
  t.match(entry, { vlan: 100, macvtap: true, borrowed: { physical: 1, number: 0, before } });
  t.notOk(isBack());
  t.match(kernel.functions.all, [{ address: entry.mac, vlan: 100, spoofCheck: true }]);
});

t.test('it goes back before the link goes, and a second end waits for the first', async (t) => {
  const { kernel, broker, entry, audited, isBack } = await granted(t);
  const endings = new Endings(broker);
  const calls = kernel.calls.length;
  const [first, second] = [endings.end(entry, 'released'), endings.end(entry, 'released')];
  endings.gone(entry);
  t.ok((await first).isOk());
  t.equal(await second, await first);
  t.ok(isBack());
  const made = kernel.calls.slice(calls);
  t.ok(made.indexOf('deleteLink') > made.lastIndexOf('setFunction'));
  t.equal(made.filter((call) => call === 'setUp').length, 1);
  t.match(audited().at(-1), { event: 'ended', reason: /^released$/ });
  t.same(kernel.leftovers(), []);
});

t.test('also when somebody deleted the link', async (t) => {
  const { kernel, broker, entry, isBack } = await granted(t);
  kernel.links.delete(entry.ifindex);
  new Endings(broker).gone(entry);
  await settled();
  t.ok(isBack());
  t.equal(broker.ledger.size, 0);
});

t.test('a broker that starts again knows of it', async (t) => {
  const { kernel, isBack, entry } = await granted(t);
  const next = brokerOn(kernel, config, t.testdir()).broker;
  const endings = new Endings(next);
  using upkeep = new Upkeep(next, endings);
  t.ok(upkeep.reconcile().isOk());
  const adopted = next.ledger.get(entry.id);
  t.match(adopted, { borrowed: entry.borrowed });
  t.ok((await endings.end(adopted as LinkEntry, 'released')).isOk());
  t.ok(isBack());
});

t.test('one that cannot go back is told of, and the grant ends all the same', async (t) => {
  const { kernel, broker, entry, audited } = await granted(t);
  kernel.failAt(3, 'EIO');
  t.ok((await new Endings(broker).end(entry, 'released')).isOk());
  t.match(audited().at(-1), { reason: /^released; its virtual function 0 is not as it was: .*EIO/ });
  t.same(kernel.leftovers(), []);
});
