/** The host on networks of the switch by a bridge: its ports reach this host's guests, and nobody by way of another uplink. */
import t from 'tap';
import { native } from '../../src/kernel/native.js';
import { ask } from '../support/ask.js';
import { Daemon, until } from '../support/daemon.js';
import { FarEnd } from '../support/far-end.js';
import { broadcast, frame, station } from '../support/frames.js';
import { addBridge, ipLink } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';
import { QdesHost, qdesConfig, Wire } from '../support/qdes-hosts.js';
import { here, isAnswered, transfer } from '../support/socat.js';
import { StackGuest } from '../support/stack-guest.js';

inPrivateNamespace();
const types = {
  packet: 'type = packet\ninterface = eth0',
  multicast: 'type = multicast\ngroup = 239.1.2.3\nport = 5000\ninterface = eth0',
  qdes: 'type = qdes\nid = 1\ngroup = 239.1.2.4\ninterface = eth0',
};

t.test('guests and the ports of a bridge, on each type', async (t) => {
  sh('ip link add eth0 type veth peer name far; ip link set eth0 addrgenmode none up; ip link set far up');
  sh('ip address add 192.0.2.1/24 dev eth0');
  t.teardown(() => sh('ip link del eth0'));
  addBridge(t, 'lan0');
  sh('ip link set lan0 addrgenmode none; ip address add 10.0.0.1/24 dev lan0');
  const lan = await FarEnd.make(t);
  lan.addWire('port0', 0);
  sh('ip address flush dev port0; ip link set port0 master lan0');
  const sections = Object.entries(types).map(([type, lines]) => `[network ${type}]\n${lines}\nhost = bridge lan0\n`);
  const networks = Object.keys(types).map((one) => `network[] = ${one}\n`);
  const daemon = new Daemon(t, `${sections.join('')}[rule all]\neffect = allow\nuser[] = *\n${networks.join('')}`);
  await daemon.start();
  const taps = () => sh('ip -o link show master lan0').match(/fdb[0-9a-f]{8}/g) ?? [];
  t.same(taps(), [], 'nothing is joined for nobody');
  for (const [at, network] of Object.keys(types).entries()) {
    const number = 11 + at;
    const wish = { verb: 'open', network: name(network), form: 'dgram', vnetHdr: false } as const;
    const { reply, fds } = await ask(daemon.socket, wish);
    const [fd] = fds;
    if (reply?.status !== 'ok' || fd === undefined) throw new Error(JSON.stringify(reply));
    const guest = await StackGuest.start(t, fd, number);
    await until(() => taps().length === 1);
    t.match(ipLink(taps()[0] ?? ''), { mtu: 1500, ifalias: `fdbroker host network=${network}` });
    await until(() => isAnswered(here, `10.0.0.${number}`));
    t.ok(await isAnswered(guest, '10.0.0.1'), 'the host');
    const [one, other] = [
      { host: lan, address: '10.0.0.2' },
      { host: guest, address: `10.0.0.${number}` },
    ];
    await transfer(t, one, other);
    await transfer(t, other, one);
    t.same(guest.faults, [], 'every frame was finished');
    guest.end();
    fd.close();
    await until(() => taps().length === 0);
  }
  t.equal(ipLink('lan0').mtu, 1500);
});

t.test('nothing goes between a bridge and other hosts', async (t) => {
  const lines = ['id = 7', 'group = 239.77.0.1'];
  const bridged = await QdesHost.start(t, 1, qdesConfig({ lab: [...lines, 'host = bridge lan1'] }));
  const remote = await QdesHost.start(t, 2, qdesConfig({ lab: lines }));
  bridged.far.run('ip link add lan1 type bridge mcast_snooping 0; ip link set lan1 addrgenmode none up');
  bridged.far.addWire('member', 9);
  bridged.far.run('ip link set member-far master lan1');
  const member = new Wire(t, ipLink('member').ifindex);
  const socket = native.packetOpen();
  t.teardown(() => native.close(socket));
  t.equal(native.packetBind(socket, ipLink('member').ifindex), 0);
  const say = (bytes: Uint8Array) => native.send(socket, bytes, new Int32Array());
  const [local, distant] = [await bridged.guest('lab'), await remote.guest('lab')];
  // Of a type for experiments: netfilter looks into IP that passes a bridge
  const typed = (bytes: Uint8Array) => Uint8Array.of(...bytes.subarray(0, 12), 0x88, 0xb5, ...bytes.subarray(14));
  const words = (from: number) => typed(frame(broadcast, station(from), new Uint8Array(60).fill(from)));
  const [byMember, byLocal, byDistant] = [words(0x51), words(0x52), words(0x53)];
  await until(() => {
    say(byMember);
    local.say(byLocal);
    distant.say(byDistant);
    const heard = local.heard(byMember) && local.heard(byDistant) && distant.heard(byLocal);
    return heard && member.count(byLocal) > 0;
  });
  const wire = bridged.watch(t);
  // What is said after it comes after it
  for (let i = 0; i < 20; i += 1) {
    say(byMember);
    distant.say(byDistant);
  }
  const [last, end] = [words(0x54), words(0x55)];
  await until(() => {
    local.say(last);
    distant.say(end);
    return distant.heard(last) && member.count(last) > 0 && local.heard(end);
  });
  t.notOk(distant.heard(byMember), 'a port of the bridge is not heard elsewhere');
  t.equal(wire.count(byMember), 0, 'nor on the wire');
  t.equal(member.count(byDistant), 0, 'another host is not heard on the bridge');
  const unicast = typed(frame(station(0x51), station(0x53)));
  for (let i = 0; i < 5; i += 1) distant.say(unicast);
  await until(() => {
    distant.say(words(0x56));
    return local.heard(words(0x56));
  });
  t.equal(member.count(unicast), 0, 'nor is it to an address that is there');
});
