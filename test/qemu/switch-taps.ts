/**
 * Guests on a multicast network by -netdev tap,helper=, as on any other network: their taps lie in a namespace of ours, and
 * our switch has the other sides.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { brokerConfig } from '../support/broker-config.js';
import { copyBuild, programParts } from '../support/copied-build.js';
import { until } from '../support/daemon.js';
import type { Guest } from '../support/guest.js';
import { Host, prepareHost } from '../support/host.js';
import { sh, shJson } from '../support/namespace.js';
import { randomMoments } from '../support/random-moments.js';
import { transfer } from '../support/transfer.js';

prepareHost();
const lab = { type: 'multicast', group: '239.1.2.3', port: 5000, interface: 'br0', loop: 'yes' };
const host = await Host.start(t, brokerConfig({ networks: { lab } }));
const links = () => shJson('ip -j link').map(({ ifname }: { ifname: string }) => ifname);
const before = links();
// What is transferred lies in the guests' memory
const memory = 256;
const byHelper = { nics: [{ netdev: `tap,helper=${host.helper} --network=lab` }], memory };
const launcher = [process.execPath, join(copyBuild(t, programParts), 'src/bin/fdbroker.js'), 'exec', '--'];
const [one, other, plain] = await Promise.all([
  host.guest(byHelper),
  host.guest(byHelper),
  host.guest({ nics: [{ netdev: 'fdbroker,network=lab,form=dgram' }], launcher, memory }),
]);
const addresses = ['10.9.0.1', '10.9.0.2', '10.9.0.3'] as const;
await Promise.all([one, other, plain].map((guest, i) => guest.configure(`${addresses[i]}/24`)));

/** The switch and the keeper of the broker at that socket. */
function processesOf(socket: string): { readonly name: string; readonly pid: number }[] {
  const listening = sh('ss -xlp').split('\n');
  return ['switch', 'keeper'].flatMap((name) => {
    const lines = listening.filter((one) => one.includes(`${socket}.${name}`)).join();
    const pids = [...lines.matchAll(/"([^"]+)",pid=(\d+)/g)].filter(([, command]) => command !== 'fdbrokerd');
    const found = pids.map(([, , pid]) => Number(pid)).filter((pid) => commandOf(pid).includes(name));
    return found.slice(0, 1).map((pid) => ({ name, pid }));
  });
}

/** Nothing of one that has ended. */
function commandOf(pid: number): string {
  const path = `/proc/${pid}/cmdline`;
  return existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\0', ' ') : '';
}

/** Bytes in each of the frames that a guest got, and sent, since it began. */
async function frameSize(guest: Guest, way: 'rx' | 'tx', since = { bytes: 0, packets: 0 }) {
  const read = async (what: string) => Number(await guest.must(`cat /sys/class/net/eth0/statistics/${way}_${what}`));
  const now = { bytes: await read('bytes'), packets: await read('packets') };
  return { ...now, size: Math.round((now.bytes - since.bytes) / (now.packets - since.packets)) };
}

t.test('guests with taps reach each other and one without', async (t) => {
  t.equal(await one.ping(addresses[1]), 3);
  t.equal(await one.ping(addresses[2]), 3);
  t.equal(await plain.ping(addresses[1]), 3);
  t.match(await host.portsOf(one.pid), [{ network: 'lab', form: 'tap', ifname: null, state: 'up' }]);
  t.same(links(), before, 'no tap of theirs is in this namespace');
});

t.test('they do not reach the host', async (t) => {
  await one.must('ip address add 10.0.0.77/24 dev eth0');
  t.equal(await one.ping('10.0.0.1'), 0);
  const address = sh('ip -6 address show dev br0').match(/fe80::\S+(?=\/)/)?.[0];
  t.equal(await one.ping(`${address}%eth0`), 0);
  await one.must('ip address del 10.0.0.77/24 dev eth0');
});

t.test('20 MB from tap to tap, in long frames', async (t) => {
  const [got, sent] = [await frameSize(other, 'rx'), await frameSize(one, 'tx')];
  await transfer(t, one, other, addresses[1]);
  t.ok((await frameSize(one, 'tx', sent)).size > 1514, 'the guest leaves its segments to others');
  t.ok((await frameSize(other, 'rx', got)).size > 1514, 'and gets them as they were');
});

t.test('20 MB each way between a tap and a pair of sockets, whose guest gets finished frames', async (t) => {
  const got = await frameSize(plain, 'rx');
  await transfer(t, one, plain, addresses[2]);
  t.ok((await frameSize(plain, 'rx', got)).size <= 1514);
  await transfer(t, plain, one, addresses[0]);
});

t.test('switch and broker killed together at random moments, and the keeper too, under ping', async (t) => {
  const ports = await host.ports();
  const rounds = 4;
  const pings = one.run(`ping -i 0.2 -w 40 ${addresses[1]} >/tmp/pings; grep -c 'bytes from' /tmp/pings`);
  for (const [round, moment] of randomMoments(t, rounds, 4000).entries()) {
    await delay(moment / rounds);
    await until(() => processesOf(host.daemon.socket).length === 2);
    const all = processesOf(host.daemon.socket);
    // The keeper alone has the ports when both others are killed: killed after they are back, it is given them again
    const victims = round % 2 === 0 ? all.filter(({ name }) => name !== 'keeper') : all;
    for (const { pid, name } of victims) if (name !== 'keeper') process.kill(pid, 'SIGKILL');
    await host.daemon.kill('SIGKILL');
    await host.startBroker();
    t.same(await host.ports(), ports);
    for (const { pid, name } of victims) if (name === 'keeper') process.kill(pid, 'SIGKILL');
    // On a busy machine the switch is not back before the first
    await until(async () => (await other.ping(addresses[2])) === 3);
  }
  const { output } = await pings;
  t.ok(Number(output) > 100, `${output.trim()} of 200 answers: a second or two is lost each time`);
});

t.test('20 MB by what came back', async (t) => {
  await transfer(t, other, one, addresses[0]);
});

t.test('grants end with their guests', async (t) => {
  await one.kill();
  await until(async () => (await host.ports()).length === 2);
  await other.quit();
  await plain.quit();
  await until(async () => (await host.ports()).length === 0);
  await until(() => host.daemon.audited().at(-1)?.['event'] === 'ended');
  t.match(host.daemon.audited().at(-1), { event: 'ended', reason: 'nobody holds it any more' });
  t.same(links(), before);
});
