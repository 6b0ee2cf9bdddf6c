/** Two ordinary users on one host: neither sees, ends or uses up what is the other's. */
import t from 'tap';
import { portsAs, releaseAs } from '../support/as-user.js';
import { until } from '../support/daemon.js';
import { alice, bob, Host, missingUsers, openPolicy, prepareHost } from '../support/host.js';
import { skipFile } from '../support/namespace.js';

const missing = missingUsers();
if (missing !== undefined) skipFile(missing);
prepareHost();
const host = await Host.start(t, openPolicy.replace('max-ports = 4', 'max-ports = 1'));
const { socket } = host.daemon;
const hers = await host.guest({ user: alice });
await hers.configure('10.0.0.2/24');
const grant = (await host.portsOf(hers.pid))[0]?.grant ?? '';

t.test('at her limit she gets no more, and he still gets his', async (t) => {
  t.match(await host.refusal({ user: alice }), /refused: you have 1 of at most 1 port /);
  await using his = await host.guest({ user: bob });
  await his.configure('10.0.0.3/24');
  t.equal(await his.ping('10.0.0.2'), 3);
  t.match(await host.refusal({ user: bob }), /refused: you have 1 of at most 1 port /);
});

t.test('each sees the own ports alone', async (t) => {
  t.match(await portsAs(alice, socket), [{ grant, uid: alice.uid, holder: hers.pid }]);
  await until(async () => (await portsAs(bob, socket)).length === 0);
  t.pass('his ended with his guest');
});

t.test('he cannot release hers, nor find out that it is there', async (t) => {
  const words = await releaseAs(bob, socket, grant);
  const none = grant.replace(/./g, (digit) => (digit === '0' ? '1' : '0'));
  t.match(words, /./);
  t.equal((await releaseAs(bob, socket, none))?.replaceAll(none, grant), words);
  t.equal(await hers.ping('10.0.0.1'), 3);
  t.match(await host.portsOf(hers.pid), [{ grant, state: 'up' }]);
});

t.test('she can, while her guest runs', async (t) => {
  t.equal(await releaseAs(alice, socket, grant), undefined);
  t.match(await host.audited({ event: 'ended', grant }), { uid: alice.uid });
  t.same(await portsAs(alice, socket), []);
  t.equal(await hers.ping('10.0.0.1'), 0);
});
