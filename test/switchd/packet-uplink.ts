/**
 * Guests on an interface's wire, by a real switch: the far end is a veth with all offloads, which leaves checksums and
 * segments to others, and what guests get is finished.
 */
import t, { type Test } from 'tap';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import type { PlugOrder } from '../../src/protocol/switch-order.js';
import { vnetHeaderLength } from '../../src/switch/offload/vnet-header.js';
import { FarEnd } from '../support/far-end.js';
import { faultOf } from '../support/frame-fault.js';
import { ipLink } from '../support/links.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { offloadedFrame, plainPacket, wireFrame } from '../support/offload-frames.js';
import { datagrams, type Place, transfer } from '../support/socat.js';
import { StackGuest } from '../support/stack-guest.js';
import { guestEnd, SwitchProcess } from '../support/switch-process.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const far = await FarEnd.make(t);
far.addWire('wire0', 0);
const broker = new SwitchProcess(t).connect(t);
const sockets = new LinuxSockets();
t.teardown(() => sockets[Symbol.dispose]());

const order: PlugOrder = {
  ...{ port: 0, network: 0, kind: 'packet', uplink: true, isolated: false, locked: false },
  ...{ maxAddresses: 100, maxFrame: 1522, addresses: [], label: 'wire' },
};
const uplink = sockets.openPacketUplink(ipLink('wire0').ifindex, 1 << 23)._unsafeUnwrap();
broker.order({ order: 'plug', ...order }, [uplink]);
uplink.close();

function plugGuest(number: number): Promise<StackGuest> {
  const end = guestEnd(t, 'seqpacket', (ours) =>
    broker.order({ order: 'plug', ...order, port: number, kind: 'dgram', uplink: false }, [ours]),
  );
  return StackGuest.start(t, end, number);
}
const guests = [await plugGuest(11), await plugGuest(12)] as const;
t.test('a frame that is not finished would be seen', async (t) => {
  for (const ip of [4, 6] as const) {
    for (const protocol of ['tcp', 'udp'] as const) {
      const packet = { ...plainPacket, ip, protocol };
      t.equal(faultOf(Buffer.from(wireFrame(packet)), 1500), undefined);
      t.match(faultOf(Buffer.from(offloadedFrame(packet).subarray(vnetHeaderLength)), 1500), /checksum/);
      t.match(faultOf(Buffer.from(wireFrame(packet)), 100), /100 are the most/);
    }
  }
});

const noFaults = (t: Test) => t.same([guests[0].faults, guests[1].faults], [[], []], 'every frame was right');

const placeOf = (host: Place['host'], number: number, family: 4 | 6): Place => ({
  host,
  address: family === 4 ? `10.0.0.${number}` : `[fd00::${number}]`,
});
const inGuest = (command: string) => guests[0].run(command);
const inFar = (command: string) => far.run(command);

t.test('the host’s own address is not behind the wire', async (t) => {
  for (const run of [inGuest, inFar]) run('echo hello | socat -u - UDP-SENDTO:10.0.0.1:9');
  await until(() => /INCOMPLETE|FAILED/.test(inGuest('ip neigh show 10.0.0.1')));
  t.match(inFar('ip neigh show 10.0.0.1'), /lladdr/);
  noFaults(t);
});

for (const family of [4, 6] as const) {
  const [wire, one, two] = [placeOf(far, 2, family), placeOf(guests[0], 11, family), placeOf(guests[1], 12, family)];

  t.test(`TCP over IPv${family}`, async (t) => {
    await transfer(t, wire, one);
    await transfer(t, one, wire);
    await transfer(t, two, one);
    noFaults(t);
  });

  t.test(`UDP over IPv${family}`, async (t) => {
    await datagrams(t, wire, one, 1000);
    await datagrams(t, wire, one, 5000);
    await datagrams(t, wire, one, 1300, 10);
    await datagrams(t, one, wire, 1000);
    await datagrams(t, one, wire, 5000);
    noFaults(t);
  });
}
