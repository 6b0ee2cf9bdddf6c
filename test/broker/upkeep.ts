/** What the holder of a tap can do to it, and what an administrator can, with a real broker and a real bridge. */
import t, { type Test } from 'tap';
import { parseMac } from '../../src/core/mac.js';
import { ask, dataOf, openRequest } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, until } from '../support/daemon.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';
import { compileTapHolder, TapHolder } from '../support/tap-holder.js';

inPrivateNamespace();
sh('ip link add br0 address 02:00:00:00:00:01 type bridge && ip link set br0 up');
const program = compileTapHolder(t);

const config = brokerConfig({ networks: { lan: {}, locked: { 'lock-mac': 'yes' } } });

async function held(t: Test, daemon: Daemon, network = 'lan', mac?: string) {
  const request = { ...openRequest(network), ...(mac === undefined ? {} : { mac: parseMac(mac)._unsafeUnwrap() }) };
  const { reply, fds } = await ask(daemon.socket, request);
  if (reply?.status !== 'ok' || fds[0] === undefined) throw new Error(JSON.stringify(reply));
  return { ifname: reply.fields.get('ifname') as string, holder: new TapHolder(t, program, fds[0]) };
}

const ports = async (daemon: Daemon) => dataOf(await ask(daemon.socket, { verb: 'ports' }));
const exists = (ifname: string) => shJson('ip -j link show').some((link: { ifname: string }) => link.ifname === ifname);
const locked = (mac: string) =>
  shJson('bridge -j fdb show br br0').filter(
    (entry: { mac: string; state: string }) => entry.mac === mac && entry.state === 'static',
  );

t.test('a tap made persistent is reaped once nobody holds it, and not before', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  for (const tricks of [
    ['persist'],
    ['persist', 'own', 'carrier off'],
    ['carrier off', 'persist'],
    ['carrier off', 'carrier on', 'persist'],
  ]) {
    const { ifname, holder } = await held(t, daemon);
    for (const trick of tricks) t.equal(await holder.tell(trick), 0, trick);
    // Long enough for a look or two by the broker
    await new Promise((resolve) => setTimeout(resolve, 700));
    t.ok(exists(ifname), `${tricks}: held, so it stays`);
    await holder.kill();
    await until(() => !exists(ifname));
    await until(async () => (await ports(daemon)).length === 0);
  }
  const reaped = () => daemon.audited().filter(({ reason }) => reason === 'nobody holds the tap');
  await until(() => reaped().length >= 4);
  t.equal(reaped().length, 4);
});

t.test('a persistent tap that was let go while the broker was away is reaped when it is back', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const { ifname, holder } = await held(t, daemon);
  await holder.tell('persist');
  await daemon.kill('SIGKILL');
  await holder.kill();
  t.ok(exists(ifname));
  await daemon.start();
  await until(() => !exists(ifname));
});

t.test('a holder that changes its tap’s address finds the port down, and the victim’s entry is back', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const victim = await held(t, daemon, 'locked', '52:54:00:00:00:aa');
  const thief = await held(t, daemon, 'lan');
  t.equal(locked('52:54:00:00:00:aa').length, 1);
  t.equal(await thief.holder.tell('address 52:54:00:00:00:aa'), 0);
  await until(async () => (await ports(daemon)).some(({ state }) => state === 'quarantined'));
  await until(() => locked('52:54:00:00:00:aa')[0]?.ifname === victim.ifname);
  const [port] = shJson(`ip -j link show ${thief.ifname}`);
  t.notOk(port.flags.includes('UP'));
  t.equal(port.master, undefined);
  t.match(port.address, /^fe:fd:/);
  t.equal(shJson('ip -j link show br0')[0].address, '02:00:00:00:00:01');
  const tampered = () => daemon.audited().filter(({ event }) => event === 'tampered');
  await until(() => tampered().length > 0);
  t.match(tampered(), [{ ifname: thief.ifname, reason: /52:54:00:00:00:aa; the port is down/ }]);
  t.equal(await thief.holder.tell('address 52:54:00:00:00:aa'), 0, 'again, from where it can do no harm');
  t.match(await ports(daemon), [{}, {}]);
  t.equal(locked('52:54:00:00:00:aa')[0]?.ifname, victim.ifname);
});

t.test('static entries that are flushed come back', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const { ifname } = await held(t, daemon, 'locked', '52:54:00:00:00:ab');
  sh(`bridge fdb del 52:54:00:00:00:ab dev ${ifname} master`);
  await until(() => locked('52:54:00:00:00:ab').length === 1);
  await until(() => daemon.audited().some(({ event }) => event === 'restored'));
});

t.test('what an administrator does to a port is told and left', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const { ifname } = await held(t, daemon);
  sh(`ip link set ${ifname} nomaster`);
  await until(async () => (await ports(daemon))[0]?.['state'] === 'detached');
  sh(`ip link set ${ifname} master br0`);
  await until(async () => (await ports(daemon))[0]?.['state'] === 'up');
  sh(`ip link set ${ifname} down; ip link set ${ifname} name renamed; ip link set renamed up`);
  t.equal((await ports(daemon)).length, 1);
  sh('ip link delete renamed');
  await until(async () => (await ports(daemon)).length === 0);
  await until(() => daemon.audited().at(-1)?.['event'] === 'ended');
  t.match(daemon.audited().at(-1), { reason: 'the interface is gone' });
});

t.test('release ends a grant while it is held; links of others are never touched', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  sh('ip tuntap add dev fdb00000000 mode tap && ip link set fdb00000000 alias "fdbroker of somebody else"');
  const { ifname } = await held(t, daemon);
  const grant = ifname.slice(3) as never;
  t.match((await ask(daemon.socket, { verb: 'release', grant: '00000000' as never })).reply, { status: 'refused' });
  t.match((await ask(daemon.socket, { verb: 'release', grant })).reply, { status: 'ok' });
  t.notOk(exists(ifname));
  t.ok(exists('fdb00000000'));
  t.match((await ask(daemon.socket, { verb: 'release', grant })).reply, { status: 'refused' }, 'once');
  sh('ip link delete fdb00000000');
});

t.test('a flood of address changes leaves the ledger right', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const { ifname, holder } = await held(t, daemon);
  const honest = await held(t, daemon, 'locked', '52:54:00:00:00:ac');
  for (let round = 0; round < 2000; round++)
    await holder.tell(`address 52:54:00:00:${(round >> 8).toString(16)}:${(round & 255).toString(16)}`);
  await until(async () => (await ports(daemon)).length === 2);
  await until(async () => (await ports(daemon)).find((row) => row['ifname'] === ifname)?.['state'] === 'quarantined');
  t.equal(locked('52:54:00:00:00:ac')[0]?.ifname, honest.ifname);
  await holder.kill();
  await until(async () => (await ports(daemon)).length === 1);
});
