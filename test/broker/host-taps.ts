/** The host on networks of the switch by a tap of its own: from the broker's start to its end, whatever is killed between. */
import t from 'tap';
import { ask } from '../support/ask.js';
import { Daemon, until } from '../support/daemon.js';
import { keepersAt } from '../support/keeper-process.js';
import { ipLink, isUp } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';
import { here, isAnswered, transfer } from '../support/socat.js';
import { StackGuest } from '../support/stack-guest.js';
import { switchPids } from '../support/switch-pids.js';

inPrivateNamespace();
sh(
  'ip link add eth0 type veth peer name far; ip link set eth0 addrgenmode none up; ip link set far addrgenmode none up',
);
sh('ip address add 192.0.2.1/24 dev eth0');

const types = {
  packet: 'type = packet\ninterface = eth0',
  multicast: 'type = multicast\ngroup = 239.1.2.3\nport = 5000\ninterface = eth0',
  qdes: 'type = qdes\nid = 1\ngroup = 239.1.2.4\ninterface = eth0',
};
const rule = `[rule all]\neffect = allow\nuser[] = *\n${Object.keys(types)
  .map((one) => `network[] = ${one}\n`)
  .join('')}`;
const sections = Object.entries(types).map(([type, lines], at) => `[network ${type}]\n${lines}\nhost = tap lab${at}\n`);
// After the broker, which would start them again; with the host on a network they would wait for another one
t.teardown(() => {
  for (const pid of [...switchPids(daemon.socket), ...keepersAt(`${daemon.socket}.keeper`)])
    process.kill(pid, 'SIGKILL');
});
const daemon = new Daemon(t, sections.join('') + rule);
await daemon.start();
// In order, or the switch would wait for another
t.teardown(() => daemon.kill('SIGTERM'));

async function guest(network: string, number: number): Promise<StackGuest> {
  const wish = { verb: 'open', network: name(network), form: 'dgram', vnetHdr: false } as const;
  const { reply, fds } = await ask(daemon.socket, wish);
  const [fd] = fds;
  if (reply?.status !== 'ok' || fd === undefined) throw new Error(JSON.stringify(reply));
  t.teardown(() => fd.close());
  return StackGuest.start(t, fd, number);
}

const taps = () => sh('ip -o link show type tun').match(/lab[0-9]/g) ?? [];

t.test('they are there without guests, and down', async (t) => {
  t.same(taps().sort(), ['lab0', 'lab1', 'lab2']);
  t.match([ipLink('lab0').mtu, ipLink('lab1').mtu, ipLink('lab2').mtu], [1500, 1500, 1450]);
  t.match(ipLink('lab2').ifalias, 'fdbroker host network=qdes');
  for (const tap of taps()) t.notOk(isUp(tap));
  // It may just be starting
  await until(() => switchPids(daemon.socket).length === 1);
  t.equal(switchPids(daemon.socket).length, 1);
});

t.test('the host and a guest, on each type', async (t) => {
  for (const [at, network] of Object.keys(types).entries()) {
    const tap = `lab${at}`;
    const number = 11 + at;
    sh(`ip link set ${tap} addrgenmode none up; ip address add 10.0.0.1/24 dev ${tap}`);
    const one = await guest(network, number);
    t.ok(await isAnswered(here, `10.0.0.${number}`), network);
    const [host, far] = [
      { host: here, address: '10.0.0.1' },
      { host: one, address: `10.0.0.${number}` },
    ];
    await transfer(t, host, far);
    await transfer(t, far, host);
    t.same(one.faults, []);
    sh(`ip address flush dev ${tap}`);
  }
});

t.test('the interface, its number and address stay, whatever is killed, and frames go on', async (t) => {
  sh('ip address add 10.0.0.1/24 dev lab2');
  const one = await guest('qdes', 21);
  const facts = () => {
    const { ifindex, address, flags } = ipLink('lab2');
    return { ifindex, address, up: flags.includes('UP'), addresses: sh('ip -o address show lab2 | cut -d" " -f7') };
  };
  const before = facts();
  const goesOn = async (what: string) => {
    await until(async () => isAnswered(here, '10.0.0.21'));
    t.ok(await isAnswered(one, '10.0.0.1'), what);
    t.same(facts(), before, what);
  };
  await goesOn('at first');
  process.kill(switchPids(daemon.socket)[0] as number, 'SIGKILL');
  await goesOn('the switch');
  await daemon.kill('SIGKILL');
  await goesOn('the broker');
  await daemon.start();
  await goesOn('another broker');
  for (const pid of keepersAt(`${daemon.socket}.keeper`)) process.kill(pid, 'SIGKILL');
  await goesOn('the keeper');
  await until(() => keepersAt(`${daemon.socket}.keeper`).length === 1);
  process.kill(switchPids(daemon.socket)[0] as number, 'SIGKILL');
  await daemon.kill('SIGKILL');
  await daemon.start();
  await goesOn('broker and switch');
  sh('ip address flush dev lab2');
});
