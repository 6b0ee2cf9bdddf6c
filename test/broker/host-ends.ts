/** Which of the host's ends there are: by the configuration of the moment, and what the kernel has to say of it. */
import t from 'tap';
import { ask, dataOf } from '../support/ask.js';
import { Daemon, until } from '../support/daemon.js';
import { keepersAt } from '../support/keeper-process.js';
import { ipLink } from '../support/links.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';
import { switchPids } from '../support/switch-pids.js';

inPrivateNamespace();
sh('ip link add eth0 type veth peer name far; ip link set eth0 addrgenmode none up; ip link set far up');

const section = (name: string, lines: string) => `[network ${name}]\ntype = packet\ninterface = eth0\n${lines}\n`;
const rule = (...networks: string[]) =>
  `[rule all]\neffect = allow\nuser[] = *\n${networks.map((one) => `network[] = ${one}\n`).join('')}`;
const daemon = new Daemon(t, section('one', '') + rule('one'));
await daemon.start();
// In order, or the switch would wait for another
t.teardown(() => daemon.kill('SIGTERM'));

async function reload(...sections: string[]): Promise<void> {
  daemon.write(sections.join('') + rule('one'));
  const { reply } = await ask(daemon.socket, { verb: 'reload' });
  if (reply?.status !== 'ok') throw new Error(JSON.stringify(reply));
}

const noProcess = () => switchPids(daemon.socket).length + keepersAt(`${daemon.socket}.keeper`).length === 0;

t.test('they come, change and go with the configuration', async (t) => {
  t.ok(noProcess(), 'nothing is started for nothing');
  await reload(section('one', 'host = tap lab0'));
  t.ok(ipLink('lab0'));
  sh('ip address add 10.0.0.1/24 dev lab0');
  const { ifindex } = ipLink('lab0');
  await reload(section('one', 'host = tap lab0'), section('two', 'host = tap lab1'));
  t.equal(ipLink('lab0').ifindex, ifindex, 'what stays is not touched');
  t.match(sh('ip -o address show lab0'), /10\.0\.0\.1/);
  t.ok(ipLink('lab1'));
  await reload(section('one', ''), section('two', 'host = tap lab0'));
  await until(() => ipLink('lab1') === undefined);
  await until(() => ipLink('lab0')?.ifalias === 'fdbroker host network=two');
  t.not(ipLink('lab0').ifindex, ifindex, 'the name is another network’s');
  await reload(section('one', ''));
  await until(() => ipLink('lab0') === undefined);
});

t.test('without guests too it outlives what is killed, and none is left at the end', async (t) => {
  await reload(section('one', 'host = tap lab0'));
  const { ifindex } = ipLink('lab0');
  await daemon.kill('SIGKILL');
  t.equal(ipLink('lab0').ifindex, ifindex);
  await daemon.start();
  t.equal(ipLink('lab0').ifindex, ifindex);
  const [first] = switchPids(daemon.socket);
  process.kill(first as number, 'SIGKILL');
  await until(() => switchPids(daemon.socket).some((pid) => pid !== first));
  t.equal(ipLink('lab0').ifindex, ifindex);
  await until(() => switchPids(daemon.socket).length === 1);
  await daemon.kill('SIGTERM');
  await until(() => ipLink('lab0') === undefined && noProcess());
  await daemon.start();
  t.ok(ipLink('lab0'), 'the next broker makes another');
});

t.test('one that was deleted is made anew, one of the administrator’s is left alone', async (t) => {
  await reload(section('one', 'host = tap lab0'));
  sh('ip link del lab0');
  await until(() => ipLink('lab0') !== undefined);
  t.match(daemon.stderr, /network "one" has lost the host's end, which is made anew/);
  await reload(section('one', ''));
  await until(() => ipLink('lab0') === undefined);
  sh('ip tuntap add lab0 mode tap; ip link set lab0 address 02:00:00:00:00:09 up; ip address add 10.0.0.1/24 dev lab0');
  const before = sh('ip -o -4 address show lab0');
  await reload(section('one', 'host = tap lab0'));
  await until(() => ipLink('lab0').flags.includes('LOWER_UP'));
  await reload(section('one', ''));
  await until(() => !ipLink('lab0').flags.includes('LOWER_UP'));
  t.equal(sh('ip -o -4 address show lab0'), before);
  sh('ip link del lab0');
});

t.test('what cannot be had is told once, with its place, and comes when it can', async (t) => {
  sh('ip link add lab0 type veth peer name other');
  daemon.stderr = '';
  await reload(section('one', ''), section('two', 'host = tap lab0'));
  const told = () => daemon.stderr.split('\n').filter((line) => line.includes('cannot have'));
  await until(() => told().length > 0);
  t.match(
    told()[0],
    /fdbroker.ini:5: network "two" cannot have host = tap lab0: lab0 is there and no tap; name another/,
  );
  t.equal(shJson('ip -d -j link show eth0')[0].promiscuity, 0, 'no uplink is left for nobody');
  const { reply } = await ask(daemon.socket, { verb: 'status' });
  t.equal(reply?.status, 'ok', 'the broker goes on');
  sh('ip link del lab0');
  await until(() => ipLink('lab0')?.linkinfo?.info_kind === 'tun');
  t.equal(told().length, 1);
  sh('ip link set eth0 down');
  await reload(section('one', 'host = tap lab5'));
  await until(() => /fdbroker.ini:1: .*eth0 is down; bring it up with: ip link set eth0 up/.test(daemon.stderr));
  sh('ip link set eth0 up');
  await until(() => ipLink('lab5') !== undefined);
});

t.test('an uplink that cannot be had is lost, and the host is there without', async (t) => {
  await reload(section('one', ''));
  await until(() => ipLink('lab5') === undefined);
  sh('ip link set eth0 down');
  const group = '[network two]\ntype = multicast\ngroup = 239.1.2.3\nport = 5000\ninterface = eth0\nhost = tap lab7\n';
  await reload(section('one', ''), group);
  await until(() => ipLink('lab7') !== undefined);
  await until(() => /network "two" has lost its uplink, .*: eth0 is down/.test(daemon.stderr));
  const lost = async () => dataOf(await ask(daemon.socket, { verb: 'status' }))['counters'];
  t.match(await lost(), { lostUplinks: 1 });
  sh('ip link set eth0 up');
  await until(() => daemon.stderr.includes('network "two" has its uplink again'));
  t.match(await lost(), { lostUplinks: 0 });
  await reload(section('one', ''), group.replace('lab7', 'lab8'));
  await until(() => ipLink('lab7') === undefined && ipLink('lab8') !== undefined);
  await until(async () => ((await lost()) as Record<string, unknown>)['lostUplinks'] === 0);
  t.equal(daemon.stderr.split('network "two" has lost its uplink').length, 2, 'told once');
});

t.test('networks tells whether the host is there', async (t) => {
  await reload(section('one', 'host = tap lab6'));
  const told = async () => dataOf(await ask(daemon.socket, { verb: 'networks' }))[0];
  t.match(await told(), { name: 'one', hostReachable: false });
  sh('ip address add 10.0.0.1/24 dev lab6; ip link set lab6 addrgenmode none up');
  t.match(await told(), { name: 'one', hostReachable: true });
});
