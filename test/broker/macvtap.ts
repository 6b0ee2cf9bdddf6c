/** macvtaps of a real broker on the real kernel: what is left when their holder ends, or the broker is killed. */
import t, { type Test } from 'tap';
import { formatAlias } from '../../src/core/grant.js';
import { parseGrantId } from '../../src/core/names.js';
import { closeLater } from '../../src/kernel/close.js';
import { type Answer, ask, dataOf, openRequest } from '../support/ask.js';
import { Daemon, until } from '../support/daemon.js';
import { ifname, ipLink, mac, openKernel } from '../support/links.js';
import { addWire, macvtaps, skipWithoutMacvtap } from '../support/macvtap.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';
import { compileTapHolder, TapHolder } from '../support/tap-holder.js';

inPrivateNamespace();
skipWithoutMacvtap();
addWire(t);
const program = compileTapHolder(t);

const rule = '[rule all]\neffect = allow\nuser[] = *\nnetwork[] = *\nmax-queues = 4\nmax-ports = 8\n';
const config = ['vepa', 'bridge', 'private', 'passthru']
  .map((mode) => `[network ${mode}]\ntype = macvtap\nparent = wire0\nmode = ${mode}\n`)
  .concat(
    rule.replace('network[] = *', 'network[] = vepa\nnetwork[] = bridge\nnetwork[] = private\nnetwork[] = passthru'),
  )
  .join('');

async function started(t: Test): Promise<Daemon> {
  const daemon = new Daemon(t, config);
  await daemon.start();
  return daemon;
}

function fieldsOf({ reply }: Answer): ReadonlyMap<string, string> {
  if (reply?.status !== 'ok') throw new Error(JSON.stringify(reply));
  return reply.fields;
}

/** A grant whose descriptors a process of its own holds. */
async function held(t: Test, daemon: Daemon, network = 'bridge') {
  const answer = await ask(daemon.socket, openRequest(network));
  const fields = fieldsOf(answer);
  const [fd] = answer.fds;
  if (fd === undefined) throw new Error('no descriptor');
  return { fields, ifname: fields.get('ifname') as string, holder: new TapHolder(t, program, fd) };
}

const ports = async (daemon: Daemon) => dataOf(await ask(daemon.socket, { verb: 'ports' }));

for (const mode of ['vepa', 'bridge', 'private', 'passthru']) {
  t.test(`mode ${mode}: granted, and gone when its holder is killed`, async (t) => {
    const daemon = await started(t);
    const own = ipLink('wire0').address;
    const { fields, ifname, holder } = await held(t, daemon, mode);
    t.match(ipLink(ifname), {
      ...{ address: fields.get('mac'), link: 'wire0', mtu: 1500, group: '1717854834' },
      linkinfo: { info_kind: 'macvtap', info_data: { mode } },
    });
    t.equal(ipLink('wire0').address, mode === 'passthru' ? fields.get('mac') : own);
    t.match(await ports(daemon), [{ ifname, network: mode, mac: fields.get('mac'), state: 'up' }]);
    // Long enough for a look or two by the broker
    await new Promise((resolve) => setTimeout(resolve, 700));
    t.ok(ipLink(ifname), 'held, so it stays');
    await holder.kill();
    await until(() => ipLink(ifname) === undefined);
    await until(async () => (await ports(daemon)).length === 0);
    const ended = () => daemon.audited().find(({ event }) => event === 'ended');
    await until(() => ended() !== undefined);
    t.match(ended(), { ifname, reason: 'nobody holds the macvtap' });
    t.equal(ipLink('wire0').address, own);
  });
}

t.test('several queues: it stays until the last one is closed', async (t) => {
  const daemon = await started(t);
  const answer = await ask(daemon.socket, { ...openRequest('vepa'), queues: 3 } as never);
  const link = fieldsOf(answer).get('ifname') as string;
  const [first, ...more] = answer.fds;
  t.equal(answer.fds.length, 3);
  for (const fd of more) closeLater(fd.release());
  await new Promise((resolve) => setTimeout(resolve, 800));
  t.ok(ipLink(link));
  first?.close();
  await until(() => ipLink(link) === undefined);
});

t.test(
  'the broker is killed: held links stay and count, and go with their holders, also those that ended meanwhile',
  async (t) => {
    const daemon = await started(t);
    const [stays, ends] = [await held(t, daemon), await held(t, daemon)];
    await daemon.kill('SIGKILL');
    t.same(macvtaps().sort(), [stays.ifname, ends.ifname].sort());
    await ends.holder.kill();
    await daemon.start();
    await until(() => ipLink(ends.ifname) === undefined);
    await new Promise((resolve) => setTimeout(resolve, 700));
    t.match(await ports(daemon), [
      { ifname: stays.ifname, state: 'up', mac: stays.fields.get('mac'), network: 'bridge' },
    ]);
    await stays.holder.kill();
    await until(() => ipLink(stays.ifname) === undefined);
    await until(async () => (await ports(daemon)).length === 0);
  },
);

t.test(
  'a link of a broker that was killed between making it and naming its owner is deleted; others’ stay',
  async (t) => {
    const kernel = openKernel(t);
    const plan = {
      parent: ipLink('wire0').ifindex,
      mode: 'bridge',
      mtu: 1500,
      address: mac('52:54:00:00:00:01'),
    } as const;
    kernel.createMacvtap(ifname('fdb00000001'), plan)._unsafeUnwrap();
    const made = kernel
      .createMacvtap(ifname('fdb00000002'), { ...plan, address: mac('52:54:00:00:00:02') })
      ._unsafeUnwrap();
    const id = parseGrantId('00000002')._unsafeUnwrap();
    const grant = { id, uid: 0, gid: 0, network: name('bridge'), form: 'tap', mac: mac('52:54:00:00:00:02') } as const;
    const alias = formatAlias({ ...grant, holder: 1, since: 1 });
    kernel.claimMacvtap(made.ifindex, { address: grant.mac, alias })._unsafeUnwrap();
    sh('ip link add link wire0 name fdb00000003 type macvtap mode bridge');
    const daemon = await started(t);
    await until(() => ipLink('fdb00000001') === undefined);
    await until(() => ipLink('fdb00000002') === undefined);
    await until(() => daemon.audited().some(({ event, grant }) => event === 'ended' && grant === '00000002'));
    t.same(macvtaps(), ['fdb00000003']);
    sh('ip link del fdb00000003');
  },
);

t.test('a holder that changes the address is told of once, and nothing is put down', async (t) => {
  const daemon = await started(t);
  const { ifname, holder } = await held(t, daemon);
  t.equal(await holder.tell('address 52:54:00:00:00:aa'), 0);
  t.equal(await holder.tell('address 52:54:00:00:00:ab'), 0);
  await until(() => daemon.audited().some(({ event }) => event === 'tampered'));
  t.match(await ports(daemon), [{ state: 'up' }]);
  t.match(ipLink(ifname), { address: '52:54:00:00:00:ab' });
  t.equal(daemon.audited().filter(({ event }) => event === 'tampered').length, 1);
  await holder.kill();
  await until(() => ipLink(ifname) === undefined);
});

t.test('release and the end of the parent end the grant while it is held', async (t) => {
  const daemon = await started(t);
  const first = await held(t, daemon);
  t.match((await ask(daemon.socket, { verb: 'release', grant: first.fields.get('grant') as never })).reply, {
    status: 'ok',
  });
  t.equal(ipLink(first.ifname), undefined);
  await held(t, daemon);
  sh('ip link del wire0; ip link add wire0 type veth peer name wire1; ip link set wire0 up; ip link set wire1 up');
  await until(async () => (await ports(daemon)).length === 0);
});

t.test('what cannot be had is refused in a sentence, and nothing is left', async (t) => {
  const daemon = await started(t);
  const taken = await held(t, daemon, 'passthru');
  const refused = async (network: string, change: object = {}) =>
    (await ask(daemon.socket, { ...openRequest(network), ...change } as never)).reply;
  t.match(await refused('vepa'), { status: 'failed', message: /wire0 takes no macvtap, or one with mode = passthru/ });
  t.match(await refused('passthru'), { status: 'failed', message: /the guest has wire0 for itself/ });
  await taken.holder.kill();
  await until(() => macvtaps().length === 0);
  const address = mac(ipLink('wire0').address);
  t.match(await refused('bridge', { mac: address }), { status: /failed|refused|denied/ });
  sh('ip link set wire0 down');
  t.match(await refused('bridge'), {
    status: 'failed',
    message: /wire0 is down; bring it up with: ip link set wire0 up/,
  });
  t.match(
    dataOf(await ask(daemon.socket, { verb: 'networks' })).map(
      ({ name, on, problem, hostReachable, guestsReachEachOther }) => ({
        name,
        on,
        problem,
        hostReachable,
        guestsReachEachOther,
      }),
    ),
    [
      { name: 'bridge', on: 'wire0', problem: /wire0 is down/, hostReachable: false, guestsReachEachOther: true },
      { name: 'passthru', guestsReachEachOther: false },
      { name: 'private', guestsReachEachOther: false },
      { name: 'vepa', guestsReachEachOther: null },
    ],
  );
  sh('ip link set wire0 up; ip link add br0 type bridge; ip link set wire0 master br0');
  t.match(await refused('bridge'), { status: 'failed', message: /wire0 is a port of a bridge/ });
  sh('ip link del br0');
  t.same(macvtaps(), []);
  t.same(await ports(daemon), []);
});
