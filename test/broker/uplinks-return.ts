/** Uplinks of every type that are lost and come back by themselves, on two hosts, while frames flow and guests keep their ports. */
import t from 'tap';
import { readSwitch } from '../../src/client/inspect.js';
import { ask } from '../support/ask.js';
import { Flow, spoken } from '../support/flow.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';
import { QdesHost } from '../support/qdes-hosts.js';
import { switchPids } from '../support/switch-pids.js';
import { until } from '../support/until.js';

inPrivateNamespace();

const types = ['wire', 'group', 'hosts'] as const;
const config = `
[network wire]
type = packet
interface = eth0
[network group]
type = multicast
group = 239.1.2.9
port = 5000
interface = eth0
[network hosts]
type = qdes
id = 7
group = 239.1.2.3
interface = eth0
[rule all]
effect = allow
user[] = *
max-ports = 100
network[] = wire
network[] = group
network[] = hosts
`;
const [one, two] = [await QdesHost.start(t, 1, config), await QdesHost.start(t, 2, config)];
const said = (what: string) => one.daemon.stderr.split(what).length - 1;
const losses = (network: string) => said(`network "${network}" has lost its uplink`);
const returns = (network: string) => said(`network "${network}" has its uplink again`);

/** Does something by which each of these is lost, once. */
async function lose(command: string, networks: readonly string[] = types): Promise<void> {
  const before = networks.map(losses);
  one.far.run(command);
  await until(() => networks.every((network, i) => losses(network) === (before[i] as number) + 1));
}

/** Does something by which each of these comes back, once. */
async function regain(action: () => void, networks: readonly string[] = types): Promise<void> {
  const before = networks.map(returns);
  action();
  await until(() => networks.every((network, i) => returns(network) === (before[i] as number) + 1));
}

const flows: Flow[] = [];
for (const network of types) {
  flows.push(new Flow(await one.guest(network), await one.guest(network), await two.guest(network)));
}
const everywhere = () => Promise.all(flows.map((flow) => flow.everywhere()));
const open = (network: string) =>
  ask(one.daemon.socket, { verb: 'open', network: name(network), form: 'dgram', vnetHdr: false });
/** Somebody always says something. */
const talking = setInterval(() => {
  for (const { near, far } of flows) for (const guest of [near, far]) guest.say(spoken(9));
}, 5);
t.teardown(() => clearInterval(talking));
const ownPorts = async () =>
  (await readSwitch(one.daemon.socket))._unsafeUnwrap()?.ports.filter(({ uplink }) => uplink);
const shownLost = async () => (await readSwitch(one.daemon.socket))._unsafeUnwrap()?.lost ?? [];

t.test('deleted and made again', async (t) => {
  await everywhere();
  t.same(await shownLost(), []);
  await lose('ip link del eth0');
  for (const flow of flows) await flow.onTheHost();
  const lost = await shownLost();
  t.same(lost.map(({ network, role }) => `${network} ${role}`).sort(), ['group uplink', 'hosts uplink', 'wire uplink']);
  for (const { reason } of lost) t.match(reason, /^there is no interface eth0; name one that/);
  t.same(await ownPorts(), []);
  await regain(() => one.addInterface());
  await everywhere();
  t.same(await shownLost(), []);
  t.equal((await ownPorts())?.length, 3);
});

t.test('down and up', async (t) => {
  await lose('ip link set eth0 down');
  for (const { reason } of await shownLost()) t.match(reason, /^eth0 is down; bring it up with: ip link set eth0 up/);
  await regain(() => one.far.run('ip link set eth0 up'));
  await everywhere();
});

t.test('renamed, and the name given back', async (t) => {
  await lose('ip link set eth0 down; ip link set eth0 name old; ip link set old up');
  await regain(() => one.far.run('ip link set old down; ip link set old name eth0; ip link set eth0 up'));
  await everywhere();
  t.pass('they come back');
});

t.test('another link with the name and the number, in a moment', async (t) => {
  const { ifindex } = JSON.parse(one.far.run('ip -j link show eth0'))[0];
  const before = await ownPorts();
  one.far.run(
    `ip link del eth0; ip link add name eth0 index ${ifindex} type veth peer name wire1; ` +
      `ip link set wire1 netns ${process.pid}; ip link set eth0 addrgenmode none up; ip address add 192.0.2.1/24 dev eth0`,
  );
  sh('ip link set wire1 master br0; ip link set wire1 up');
  await everywhere();
  await until(() => types.every((network) => losses(network) === returns(network)));
  t.equal((await ownPorts())?.length, before?.length);
});

t.test('a QDES network without an address, and with another one later', async (t) => {
  const others = [losses('wire'), losses('group')];
  await lose('ip address del 192.0.2.1/24 dev eth0', ['hosts']);
  const reason = /^eth0 has no IPv4 address to send from; give it one: ip address add/;
  t.match(await shownLost(), [{ network: 'hosts', reason }]);
  t.match((await open('hosts')).reply, {
    status: 'failed',
    message: /^network "hosts": eth0 has no IPv4 address to send from/,
  });
  const wire = two.watch(t);
  await regain(() => one.far.run('ip address add 192.0.2.11/24 dev eth0'), ['hosts']);
  await everywhere();
  const source = (packet: string) => packet.slice(2 * 26, 2 * 30);
  t.ok(
    wire.packets().some((packet) => source(packet) === 'c000020b'),
    'from the new one',
  );
  t.same([losses('wire'), losses('group')], others, 'the others have lost nothing');
});

t.test('another MTU and another hardware address: nothing is lost, and what is offered is right', async (t) => {
  const known = types.map(losses);
  const packetPort = async () => (await ownPorts())?.find(({ kind }) => kind === 'packet')?.port;
  const before = await packetPort();
  one.far.run('ip link set eth0 mtu 1400; ip link set eth0 address 02:00:00:00:00:77');
  await until(async () => ![before, undefined].includes(await packetPort()));
  await everywhere();
  const mtus = await Promise.all(
    ['wire', 'hosts'].map(async (network) => {
      const { reply, fds } = await open(network);
      for (const fd of fds) fd.close();
      return reply?.status === 'ok' ? reply.fields.get('mtu') : JSON.stringify(reply);
    }),
  );
  t.same(mtus, ['1400', '1350']);
  t.same(types.map(losses), known);
});

t.test('a flood of events of other interfaces', async (t) => {
  const numbers = async () => (await ownPorts())?.map(({ port }) => port);
  const before = await numbers();
  one.far.run('ip link add flood type veth peer name sink');
  for (let round = 0; round < 5; round += 1) {
    const changes = Array.from({ length: 100 }, (_, i) => `ip link set flood mtu ${1000 + 100 * round + i}`);
    one.far.run(changes.join('; '));
  }
  await everywhere();
  t.same(await numbers(), before, 'nothing was made anew');
  await lose('ip link set eth0 down');
  await regain(() => one.far.run('ip link set eth0 up'));
  await everywhere();
});

t.test('the broker is killed, and another one starts while they are lost', async (t) => {
  await lose('ip link del eth0');
  await one.daemon.kill('SIGKILL');
  const known = types.map(losses);
  await one.startBroker();
  await until(() => types.every((network, i) => losses(network) === (known[i] as number) + 1));
  await regain(() => one.addInterface());
  await everywhere();
  t.pass('the next broker knows what there is to be');
});

t.test('they change while there is no broker', async (t) => {
  await one.daemon.kill('SIGKILL');
  const known = types.map((network) => [losses(network), returns(network)]);
  one.far.run('ip link del eth0');
  one.addInterface();
  await one.startBroker();
  await everywhere();
  t.same(
    types.map((network) => [losses(network), returns(network)]),
    known,
    'nobody has missed them',
  );
});

t.test('the switch is killed while they are lost', async (t) => {
  await lose('ip link del eth0');
  const pids = () => switchPids(one.daemon.socket, (command) => one.far.run(command));
  const [first = 0] = pids();
  process.kill(first, 'SIGKILL');
  await until(() => pids().some((pid) => pid !== first));
  for (const flow of flows) await flow.onTheHost();
  await regain(() => one.addInterface());
  await everywhere();
  t.same(await shownLost(), []);
});

t.test('what nobody uses any more is neither kept nor told', async (t) => {
  clearInterval(talking);
  for (const { near, neighbour, far } of flows) for (const guest of [near, neighbour, far]) guest.fd.close();
  await until(async () => (await readSwitch(one.daemon.socket))._unsafeUnwrap()?.ports.length === 0);
  const known = losses('wire');
  one.far.run('ip link del eth0');
  t.match((await open('wire')).reply, { status: 'failed', message: /there is no interface eth0/ });
  t.equal(losses('wire'), known);
  t.same(await shownLost(), []);
  const told = one.daemon.audited().filter(({ event }) => event === 'port-lost' || event === 'port-back');
  t.match(told[0], { event: 'port-lost', reason: /^uplink: there is no interface eth0/ });
});
