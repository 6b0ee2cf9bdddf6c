/** When there is no network to be had QEMU does not start, and its user reads why and what to do. */
import t, { type Test } from 'tap';
import { until } from '../support/daemon.js';
import { grantedTaps } from '../support/granted-taps.js';
import { Host, openPolicy, prepareHost } from '../support/host.js';

prepareHost();
const secret = '[network secret]\ntype = bridge\nbridge = br0\n';
const host = await Host.start(t, `${openPolicy}\n${secret}`);

/** Sooner or later: a request that waited in a stopped broker is undone once that goes on. */
async function assertNothingLeft(t: Test): Promise<void> {
  await until(async () => (await host.ports()).length === 0 && grantedTaps().length === 0);
  t.same(grantedTaps(), [], 'no tap is left');
}

t.test('a network that no rule allows', async (t) => {
  const words = (await host.refusal({ nics: [{ netdev: host.netdev('secret') }] })).trim();
  t.match(words, /^QEMU ended \(1\): fdbroker-helper: denied: no rule lets uid 0 use network "secret"; .*explain/);
  t.match(await host.audited({ event: 'denied', network: 'secret' }), { uid: 0, reason: /./ });
  const unknown = await host.refusal({ nics: [{ netdev: host.netdev('nowhere') }] });
  t.equal(
    unknown.replaceAll('nowhere', 'secret').trim(),
    words,
    'one that does not exist is refused in the same words',
  );
  await assertNothingLeft(t);
});

t.test('a network that nobody named is br0, as QEMU says', async (t) => {
  t.match(await host.refusal({ nics: [{ netdev: `tap,helper=${host.helper}` }] }), /use network "br0"/);
  await assertNothingLeft(t);
});

t.test('no broker', async (t) => {
  const environment = { FDBROKER_SOCKET: `${host.daemon.folder}/nothing` };
  const words = await host.refusal({ environment, nics: [{ netdev: host.netdev() }] });
  t.match(words, /fdbroker-helper: .*\/nothing.*fdbrokerd/);
  await assertNothingLeft(t);
});

t.test('a broker that has stopped', async (t) => {
  host.daemon.signal('SIGSTOP');
  const words = await host.refusal({ nics: [{ netdev: `tap,helper=${host.helper} --timeout=1 --network=lan` }] });
  host.daemon.signal('SIGCONT');
  t.match(words, /fdbroker-helper: .*1 s/);
  await assertNothingLeft(t);
});

t.test('a broker that stops while a guest runs costs the guest the time-out and no more', async (t) => {
  await using guest = await host.guest({ nics: [] });
  host.daemon.signal('SIGSTOP');
  const netdev = { type: 'tap', id: 'hot', helper: `${host.helper} --timeout=1 --network=lan` };
  await t.rejects(guest.qmp.execute('netdev_add', netdev), { message: 'bridge helper failed' });
  host.daemon.signal('SIGCONT');
  t.equal(await guest.must('echo alive'), 'alive');
  await assertNothingLeft(t);
});
