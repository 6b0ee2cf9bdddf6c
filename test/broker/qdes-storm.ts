/** Datagrams of many forged hosts on the wire of a network without a key: who was there stays, and who comes gets in. */
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { frameType, helloType } from '../../src/switch/qdes/header.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { Forger, heardBy, qdesMessage } from '../support/qdes-forger.js';
import { QdesHost, qdesConfig } from '../support/qdes-hosts.js';
import { portSeen, residentMemory, seenBy } from '../support/seen-ports.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const [port, id] = [7755, 1];
const config = qdesConfig({ lab: [`id = ${id}`, 'group = 239.1.2.3'] });
const [one, two] = [await QdesHost.start(t, 1, config), await QdesHost.start(t, 2, config)];
const forger = new Forger(t, one);
const { socket } = one.daemon;
const [a, near, b] = [await one.guest('lab'), await one.guest('lab'), await two.guest('lab')];
const payload = (text: string) => new Uint8Array(Buffer.from(text.padEnd(46)));
const peers = async () => (await seenBy(socket)).peers;

/** That many'th address of the network; three of them are hosts. */
const address = (i: number) => `192.0.2.${4 + (i % 250)}`;
const hello = (i: number, fromPort: number) =>
  forger.packet(address(i), fromPort, port, qdesMessage({ type: helloType, id, instance: i, body: new Uint8Array(8) }));

await heardBy(b, a, frame(broadcast, station(1), payload('one')));
await heardBy(a, near, frame(station(1), station(2), payload('near')));
await heardBy(a, b, frame(station(1), station(3), payload('two')));
const isThere = async () =>
  (await peers()).some((peer) => peer.address === '192.0.2.2:7755' && peer.roundTrip !== null);
await until(isThere);

t.test('hellos in the name of 250 hosts that there are not take no room from those that there are', async (t) => {
  const hellos = Array.from({ length: 250 }, (_, i) => hello(i, 9999));
  let sent = 0;
  for (let round = 0; round < 160; round += 1) {
    sent += forger.send(hellos);
    if (round % 8 === 0) await heardBy(b, a, frame(station(3), station(1), payload(`to two ${round}`)));
  }
  const { drops } = await portSeen(socket, 'lab');
  t.equal(drops['egress-full'], undefined, `${sent} hellos`);
  t.ok(await isThere());
});

t.test('hellos and frames from 100,000 addresses', async (t) => {
  const { pid } = (await seenBy(socket)).switch;
  const memory = residentMemory(pid);
  let sent = 0;
  for (let fromPort = 10_000; fromPort < 10_400; fromPort += 1) {
    const some = Array.from({ length: 250 }, (_, i) => {
      if (i % 2 === 0) return hello(i, fromPort);
      const body = frame(broadcast, station(1000 + (fromPort - 10_000) * 250 + i), payload('nobody'));
      return forger.packet(address(i), fromPort, port, qdesMessage({ type: frameType, id, instance: i, body }));
    });
    sent += forger.send(some);
    if (fromPort % 40 !== 0) continue;
    await heardBy(b, a, frame(station(3), station(1), payload(`to two ${fromPort}`)));
    await heardBy(a, b, frame(station(1), station(3), payload(`from two ${fromPort}`)));
    await heardBy(a, near, frame(station(1), station(2), payload(`near ${fromPort}`)));
  }
  const { rxFrames, drops, addresses } = await portSeen(socket, 'lab');
  t.ok((drops['no-peer-room'] ?? 0) > sent / 2, `${sent} datagrams, ${rxFrames} frames, ${JSON.stringify(drops)}`);
  t.ok(addresses < 1000, 'of hosts for which there is no room nothing is learned');
  const there = await peers();
  t.ok(there.length <= 256, `${there.length} hosts`);
  t.ok(await isThere(), 'the real one among them');
  t.ok(residentMemory(pid) < memory + 32, `${memory} MiB before, and ${residentMemory(pid)} now`);
});

t.test('a host that comes when the table is full', async (t) => {
  const again = Array.from({ length: 300 }, (_, i) => hello(i, 9000 + i));
  const three = await QdesHost.start(t, 3, config);
  forger.send(again);
  await until(async () => (await peers()).length === 256);
  const c = await three.guest('lab');
  const bytes = frame(station(1), station(5), payload('three'));
  for (let tries = 0; !a.heard(bytes); tries += 1) {
    // So that none of them is forgotten
    if (tries % 50 === 0) forger.send(again);
    if (tries % 10 === 0) c.say(bytes);
    await delay(10);
  }
  t.ok((await peers()).some((peer) => peer.address === '192.0.2.3:7755'));
  await heardBy(c, a, frame(station(5), station(1), payload('to three')));
  t.ok(await isThere());
  for (const guest of [a, near, b, c]) guest.fd.close();
});
