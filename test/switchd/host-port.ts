/** The host as a port of a real switch: its offloads pass, or are finished for those who have none, both ways. */
import t from 'tap';
import { Keeper } from '../../src/broker/keeper.js';
import type { PlugOrder } from '../../src/protocol/switch-order.js';
import { ifname, ipLink, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { datagrams, here, isAnswered, type Place, transfer } from '../support/socat.js';
import { StackGuest } from '../support/stack-guest.js';
import { guestEnd, SwitchProcess } from '../support/switch-process.js';
import { TapGuest } from '../support/tap-guest.js';
import { temporaryFolder } from '../support/temporary.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const kernel = openKernel(t);
const broker = new SwitchProcess(t).connect(t);
const keeper = new Keeper(`${temporaryFolder(t)}/keeper`);
t.teardown(() => keeper.leave(true));

const order: PlugOrder = {
  ...{ port: 0, network: 0, kind: 'host', uplink: false, isolated: false, locked: false },
  ...{ maxAddresses: 100, maxFrame: 1522, addresses: [], label: 'lab host tap lab0' },
};
const tap = kernel.hostTaps.open(ifname('lab0'))._unsafeUnwrap();
broker.order({ order: 'plug', ...order }, [tap.fd]);
sh(`ip link set lab0 addrgenmode none up; ip address add 10.0.0.1/24 dev lab0
  ip address add fd00::1/64 dev lab0 nodad`);

async function bareGuest(number: number): Promise<StackGuest> {
  const end = guestEnd(t, 'seqpacket', (ours) =>
    broker.order({ order: 'plug', ...order, port: number, kind: 'dgram' }, [ours]),
  );
  return StackGuest.start(t, end, number);
}

async function tapGuest(number: number): Promise<TapGuest> {
  const [theirs, ours] = (await keeper.openTap(1500, true))._unsafeUnwrap();
  broker.order({ order: 'plug', ...order, port: number, kind: 'tap' }, [ours]);
  ours.close();
  t.teardown(() => theirs.close());
  return TapGuest.start(t, theirs, number);
}

const [bare, offloading] = [await bareGuest(11), await tapGuest(12)];
const placeOf = (host: Place['host'], number: number, family: 4 | 6): Place => ({
  host,
  address: family === 4 ? `10.0.0.${number}` : `[fd00::${number}]`,
});

for (const family of [4, 6] as const) {
  const host = placeOf(here, 1, family);
  for (const [what, guest] of [
    ['one without offloads', placeOf(bare, 11, family)],
    ['a tap', placeOf(offloading, 12, family)],
  ] as const) {
    t.test(`TCP and UDP over IPv${family} between the host and ${what}`, async (t) => {
      await transfer(t, host, guest);
      await transfer(t, guest, host);
      for (const [from, to] of [
        [host, guest],
        [guest, host],
      ] as const) {
        await datagrams(t, from, to, 1000);
        await datagrams(t, from, to, 5000);
      }
      await datagrams(t, host, guest, 1300, 10);
      t.same(bare.faults, [], 'every frame was finished');
    });
  }
}

t.test('an interface that is down, and one that is deleted', async (t) => {
  const reaches = () => isAnswered(bare, '10.0.0.1');
  t.ok(await reaches());
  sh('ip link set lab0 down');
  t.notOk(await reaches());
  sh('ip link set lab0 up');
  await until(reaches);
  sh('ip link del lab0');
  t.same((await broker.event()).event, { event: 'ended', port: 0 });
  t.equal(ipLink('lab0'), undefined);
  t.ok(await isAnswered(bare, '10.0.0.12'), 'others go on');
});
