/** Datagrams in the name of hosts that there are, on the wire of networks without a key: byes, numbers, addresses of others. */
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { byeType, frameType, helloType } from '../../src/switch/qdes/header.js';
import { ask } from '../support/ask.js';
import { broadcast, frame, macBytes, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { name } from '../support/policy.js';
import { Forger, heardBy, qdesMessage } from '../support/qdes-forger.js';
import { QdesGuest, QdesHost, qdesConfig } from '../support/qdes-hosts.js';
import { portSeen, seenBy } from '../support/seen-ports.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const [port, six] = [7755, 7756];
const config = qdesConfig({
  lab: ['id = 1', 'group = 239.1.2.3'],
  locked: ['id = 2', 'group = 239.1.2.3', 'lock-mac = yes'],
  six: ['id = 1', `port = ${six}`, 'group = ff15::1:2'],
});
const [one, two] = [await QdesHost.start(t, 1, config), await QdesHost.start(t, 2, config)];
const forger = new Forger(t, one);
const { socket } = one.daemon;
const payload = (text: string) => new Uint8Array(Buffer.from(text.padEnd(46)));
const peersOf = async (network: string) => (await seenBy(socket)).peers.filter((peer) => peer.network === network);
const dropsAt = async (network: string, reason: string) => (await portSeen(socket, network)).drops[reason] ?? 0;

/** In the name of the second host. */
const asTwo = (body: Uint8Array, fromPort = port) => forger.packet('192.0.2.2', fromPort, port, body);
const frameOf = (id: number, body: Uint8Array) => qdesMessage({ type: frameType, id, body });

/** Two guests here and one at the other host, which know each other. */
async function meet(network: string): Promise<[QdesGuest, QdesGuest, QdesGuest]> {
  const [a, near, b] = [await one.guest(network), await one.guest(network), await two.guest(network)];
  await heardBy(b, a, frame(broadcast, station(1), payload('one')));
  await heardBy(a, near, frame(station(1), station(2), payload('near')));
  await heardBy(a, b, frame(station(1), station(3), payload('two')));
  return [a, near, b];
}

t.test('byes, and other numbers, in the name of a host', async (t) => {
  const [a, near, b] = await meet('lab');
  for (let round = 0; round < 20; round += 1) {
    forger.send([asTwo(qdesMessage({ type: byeType, id: 1, instance: round }))]);
    await heardBy(b, a, frame(station(3), station(1), payload(`to two ${round}`)));
    await heardBy(a, b, frame(station(1), station(3), payload(`from two ${round}`)));
    const hello = { type: helloType, id: 1, body: new Uint8Array(8) };
    forger.send([asTwo(qdesMessage({ ...hello, instance: round })), asTwo(qdesMessage({ ...hello, id: 9 }))]);
  }
  await until(async () => (await peersOf('lab')).some(({ roundTrip }) => roundTrip !== null));
  t.match(await peersOf('lab'), [{ address: '192.0.2.2:7755' }], 'there is still one');
  for (const guest of [a, near, b]) guest.fd.close();
});

t.test('our own number, from others', async (t) => {
  const [a, near, b] = await meet('lab');
  const wire = one.watch(t);
  a.say(frame(broadcast, station(1), payload('whose number')));
  const mark = Buffer.from(payload('whose number')).toString('hex');
  await until(() => wire.packets().some((packet) => packet.includes(mark)));
  const sent = wire.packets().find((packet) => packet.includes(mark)) as string;
  // Ethernet's header, IP's, UDP's, then version, flags and id
  const instance = Buffer.from(sent, 'hex').readInt32BE(14 + 20 + 8 + 4);
  const before = await dropsAt('lab', 'own');
  const lie = frame(broadcast, station(1), payload('not of this switch'));
  const own = { id: 1, instance };
  const some = [
    qdesMessage({ ...own, type: frameType, body: lie }),
    qdesMessage({ ...own, type: helloType, body: new Uint8Array(8) }),
  ];
  forger.send(some.map((body) => asTwo(body)));
  await until(async () => (await dropsAt('lab', 'own')) === before + 2);
  t.notOk(a.heard(lie) || near.heard(lie));
  // Within five seconds it draws another, and goes on
  const renamed = (packet: string) => packet.includes('10000001') && !packet.includes(sent.slice(2 * 46, 2 * 50));
  await until(() => {
    a.say(frame(broadcast, station(1), payload('another number')));
    return wire.packets().some(renamed);
  });
  await heardBy(b, a, frame(station(3), station(1), payload('goes on')));
  await heardBy(a, b, frame(station(1), station(3), payload('goes on')));
  for (const guest of [a, near, b]) guest.fd.close();
});

t.test('datagrams that come from our own address', async (t) => {
  for (const [network, own, to, at] of [
    ['lab', '192.0.2.1', '192.0.2.1', port],
    ['six', '2001:db8::1', '2001:db8::1', six],
  ] as const) {
    const [a, near, b] = await meet(network);
    const wire = one.watch(t);
    const lie = frameOf(1, frame(broadcast, station(77), payload('from here')));
    const hello = qdesMessage({ type: helloType, id: 1, body: new Uint8Array(8) });
    for (let i = 0; i < 50; i += 1) forger.send([lie, hello].map((body) => forger.packet(own, at, at, body, to)));
    await heardBy(b, a, frame(station(3), station(1), payload('goes on')));
    await heardBy(a, b, frame(station(1), station(3), payload('goes on')));
    await heardBy(a, near, frame(station(1), station(2), payload('goes on')));
    // Ethernet's header, and of IP what is before the addresses; what was put there is seen too
    const [start, size] = network === 'six' ? [14 + 8, 16] : [14 + 12, 4];
    const address = (packet: string, nth: number) =>
      packet.slice(2 * (start + nth * size), 2 * (start + (nth + 1) * size));
    const toItself = wire.packets().filter((packet) => address(packet, 0) === address(packet, 1));
    t.ok(toItself.length > 0 && toItself.length <= 100, `${network}: nothing goes round in a circle`);
    for (const guest of [a, near, b]) guest.fd.close();
  }
});

t.test('an address of a guest of ours, from outside', async (t) => {
  const [a, near, b] = await meet('lab');
  const stolen = frameOf(1, frame(broadcast, station(1), payload('I am one')));
  for (let round = 0; round < 20; round += 1) {
    forger.send([asTwo(stolen, 1024 + round)]);
    // As on any switch it counts until the guest says something; then it is where it was
    await heardBy(near, a, frame(station(2), station(1), payload(`I am ${round}`)));
    const bytes = frame(station(1), station(2), payload(`to you ${round}`));
    for (let tries = 0; !a.heard(bytes); tries += 1) {
      // What was forged may be read later
      if (tries % 10 === 9) a.say(frame(station(2), station(1), payload(`I am ${round} again`)));
      if (tries % 10 === 0) near.say(bytes);
      await delay(10);
    }
  }
  t.ok((await portSeen(socket, 'lab')).moves > 0);
  for (const guest of [a, near, b]) guest.fd.close();
});

t.test('an address that is a guest’s alone', async (t) => {
  const locked = async () => {
    const wish = { verb: 'open', network: name('locked'), form: 'dgram', vnetHdr: false, mac: 'any' } as const;
    const { reply, fds } = await ask(socket, wish);
    if (reply?.status !== 'ok' || fds[0] === undefined) throw new Error(JSON.stringify(reply));
    const [fd] = fds;
    t.teardown(() => fd.close());
    return { guest: new QdesGuest(fd), mac: macBytes(reply.fields.get('mac') ?? '') };
  };
  const [a, near] = [await locked(), await locked()];
  await heardBy(near.guest, a.guest, frame(broadcast, a.mac, payload('one')));
  const lies = Array.from({ length: 50 }, (_, i) =>
    asTwo(frameOf(2, frame(near.mac, a.mac, payload(`lie ${i}`))), 2000 + i),
  );
  forger.send(lies);
  await until(async () => (await dropsAt('locked', 'spoofed')) === lies.length);
  for (let i = 0; i < 50; i += 1) {
    const bytes = frame(a.mac, near.mac, payload(`to you ${i}`));
    near.guest.say(bytes);
    await until(() => a.guest.heard(bytes));
  }
  t.equal((await portSeen(socket, 'locked')).moves, 0);
  t.equal(near.guest.got.filter((text) => text.includes(Buffer.from('lie ').toString('hex'))).length, 0);
});
