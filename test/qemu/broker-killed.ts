/** A broker that is killed takes no guest's network along, and the next one knows what the guests have. */
import t from 'tap';
import { until } from '../support/daemon.js';
import { Host, openPolicy, prepareHost } from '../support/host.js';
import { shJson } from '../support/namespace.js';

prepareHost();
const host = await Host.start(t, openPolicy.replace('max-ports = 4', 'max-ports = 2'));
const [one, two] = await Promise.all([host.guest(), host.guest()]);
await one.configure('10.0.0.2/24');
await two.configure('10.0.0.3/24');
const before = await host.ports();

t.test('no reply is lost while it is killed and started again', async (t) => {
  const count = 50;
  const pings = one.ping('10.0.0.3', count);
  await passed(5);
  await host.daemon.kill('SIGKILL');
  await passed(10);
  await host.startBroker();
  t.equal(await pings, count);
});

t.test('the ledger is right again', async (t) => {
  t.same(await host.ports(), before);
  t.match(await host.refusal({ nics: [{ netdev: host.netdev() }] }), /you have 2 of at most 2 ports/);
});

t.test('the new broker notices the end of a guest of before', async (t) => {
  const [port] = await host.portsOf(two.pid);
  await two.kill();
  await host.audited({ event: 'ended', grant: port?.grant });
  t.same(await host.portsOf(two.pid), []);
});

t.test('a guest that ends while there is no broker is not in the next one’s ledger', async (t) => {
  await host.daemon.kill('SIGKILL');
  await one.kill();
  await host.startBroker();
  await until(async () => (await host.ports()).length === 0);
  t.pass('and may be started again');
  const again = await host.guest();
  t.equal((await host.portsOf(again.pid)).length, 1);
});

/** Waits until `count` more frames went to the first guest. */
async function passed(count: number): Promise<void> {
  const name = before.find(({ holder }) => holder === one.pid)?.ifname;
  const sent = () => shJson(`ip -s -j link show dev ${name}`)[0].stats64.tx.packets;
  const goal = sent() + count;
  await until(() => sent() >= goal);
}
