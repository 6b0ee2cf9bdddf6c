/** Guests on three hosts, by fdbroker exec, the helper and attach, on one switch: over a group of IPv4, of IPv6, and named peers. */
import { join } from 'node:path';
import t from 'tap';
import { ask, dataOf } from '../support/ask.js';
import { copyBuild, programParts } from '../support/copied-build.js';
import { fdbrokerProcess } from '../support/fdbroker.js';
import { Guest } from '../support/guest.js';
import { missingGuests } from '../support/host.js';
import { inPrivateNamespace, skipFile } from '../support/namespace.js';
import { inProject } from '../support/project.js';
import { QdesHost, qdesConfig } from '../support/qdes-hosts.js';
import { isAnswered } from '../support/socat.js';
import { transfer } from '../support/transfer.js';
import { until } from '../support/until.js';

const missing = missingGuests();
if (missing !== undefined) skipFile(missing);
inPrivateNamespace();

const numbers = [1, 2, 3] as const;
const networks = ['group4', 'group6', 'peers'] as const;
const hosts = await Promise.all(
  numbers.map((own) =>
    QdesHost.start(
      t,
      own,
      qdesConfig({
        group4: ['id = 1', 'group = 239.1.2.3', ...(own === 1 ? ['host = tap lab0'] : [])],
        group6: ['id = 1', 'group = ff15::1:2'],
        peers: ['id = 2', ...numbers.filter((n) => n !== own).map((n) => `peer[] = 192.0.2.${n}`)],
      }),
    ),
  ),
);
const monitors = hosts.map(({ daemon }) => join(daemon.folder, 'qmp'));
const helper = inProject('build/fdbroker-helper');
const ports = async ({ daemon }: QdesHost) => dataOf(await ask(daemon.socket, { verb: 'ports' }));
const program = join(copyBuild(t, programParts), 'src/bin/fdbroker.js');
const guests = await Promise.all(
  hosts.map(async ({ far, daemon, number }, i) => {
    const byHelper = (network: string) => number === 3 && network === 'peers';
    const netdev = (network: string) =>
      byHelper(network) ? `tap,helper=${helper} --network=${network}` : `fdbroker,network=${network}`;
    const guest = await Guest.start({
      nics: networks.map((network) => ({ netdev: netdev(network) })),
      extra: ['-qmp', `unix:${monitors[i]},server=on,wait=off`],
      launcher: [...far.enter, process.execPath, program, 'exec', '--'],
      environment: { FDBROKER_SOCKET: daemon.socket },
      // What is transferred lies in the guests' memory
      memory: 256,
    });
    t.teardown(() => guest.kill());
    return guest;
  }),
);
const [one, two, three] = guests as [Guest, Guest, Guest];
for (const [i, guest] of guests.entries()) {
  for (const [n] of networks.entries()) await guest.configure(`10.9.${n}.${i + 1}/24`, `eth${n}`);
}

for (const [n, network] of networks.entries()) {
  t.test(`${network}: guests of each host reach those of the others`, async (t) => {
    t.equal(await one.ping(`10.9.${n}.2`), 3);
    t.equal(await one.ping(`10.9.${n}.3`), 3);
    t.equal(await three.ping(`10.9.${n}.2`), 3);
    const { output } = await one.run(`cat /sys/class/net/eth${n}/mtu`);
    t.equal(output.trim(), network === 'group6' ? '1430' : '1450', 'the MTU that fits is what the guest is told');
  });
}

t.test('the host is on the network by a tap of its own, for guests of every host', async (t) => {
  const [{ far }] = hosts as [QdesHost, QdesHost, QdesHost];
  far.run('ip link set lab0 addrgenmode none up; ip address add 10.9.0.101/24 dev lab0');
  t.equal(await one.ping('10.9.0.101'), 3);
  t.equal(await two.ping('10.9.0.101'), 3);
  for (const number of [1, 2, 3]) t.ok(await isAnswered(far, `10.9.0.${number}`));
});

t.test('a port that the helper has got', async (t) => {
  const [, , host] = hosts as [QdesHost, QdesHost, QdesHost];
  t.match((await ports(host)).map(({ network, form }) => [network, form]).sort(), [
    ['group4', 'dgram'],
    ['group6', 'dgram'],
    ['peers', 'tap'],
  ]);
});

t.test('a port is plugged into a guest that runs, and unplugged', async (t) => {
  const [, host] = hosts as [QdesHost, QdesHost, QdesHost];
  const run = (...words: string[]) => fdbrokerProcess(words, { FDBROKER_SOCKET: host.daemon.socket });
  const device = ['--network=group4', '--id=plugged', '--device=virtio-net-pci'];
  t.match(await run('attach', monitors[1] as string, ...device), { status: 0, stderr: '' });
  await two.must('until [ -e /sys/class/net/eth3 ]; do sleep 0.1; done');
  await two.configure('10.9.3.2/24', 'eth3');
  await one.must('ip address add 10.9.3.1/24 dev eth0');
  t.equal(await two.ping('10.9.3.1'), 3);
  t.match(await run('detach', monitors[1] as string, '--id=plugged'), { status: 0, stderr: '' });
  await until(async () => (await ports(host)).length === networks.length);
});

t.test('20 MB from host to host', async (t) => {
  await transfer(t, one, two, '10.9.0.2');
  await transfer(t, two, three, '10.9.2.3');
});
