/** Uplinks of QDES in a loop, by the real kernel, with programs of another namespace at the far ends. */
import t from 'tap';
import { FrameIo } from '../../src/kernel/frame-io.js';
import * as header from '../../src/switch/qdes/header.js';
import { writeVxlan } from '../../src/switch/qdes/vxlan.js';
import { DatagramPeer } from '../support/datagram-peer.js';
import { FarEnd } from '../support/far-end.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import {
  Bench,
  bodyOf,
  framed,
  frames,
  heard,
  here,
  hex,
  id,
  inGroup,
  message,
  one,
  other,
  peerAt,
  port,
  said,
  typeOf,
} from '../support/qdes-bench.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const far = await FarEnd.make(t);
far.addWire('wire0', 0);
far.run('ip address add 10.0.0.3/24 dev wire0-far');

t.test('a group: what is for all goes to it, what is for one to that one, until that one leaves', async (t) => {
  const [members, first, second] = [await inGroup(t, far), await peerAt(t, far, one), await peerAt(t, far, other)];
  const bench = new Bench(t);
  const guest = bench.guest(t, 0, 7);
  const uplink = bench.uplink(t, 1, 7);
  await bench.until(() => members.got.length > 0);
  const hello = members.got[0] as string;
  t.equal(typeOf(hello), header.helloType, 'at first it says hello');

  second.send(message(header.replyType, new Uint8Array(8)), here, port);
  first.send(message(header.replyType, Buffer.from(bodyOf(hello), 'hex')), here, port);
  first.send(framed(frame(broadcast, station(9))), here, port);
  t.same(await bench.heard(guest), frame(broadcast, station(9)), 'without the header');
  t.match(uplink.peers.list(), [{ fixed: false, sender: 0x0a0b0c0d }]);
  t.ok((uplink.peers.list()[0]?.roundTrip ?? 0) > 0);

  said(guest, frame(broadcast, station(1)));
  await bench.until(() => frames(members.got).length === 1);
  said(guest, frame(station(9), station(1)));
  await bench.until(() => frames(first.got).length === 1);
  t.same(frames(first.got), [hex(frame(station(9), station(1)))]);
  t.same([frames(members.got).length, frames(second.got).length], [1, 0], 'nobody else has it');

  first.send(message(header.byeType), here, port);
  await bench.until(() => uplink.peers.size === 0);
  said(guest, frame(station(9), station(1)));
  await bench.until(() => frames(members.got).length === 2);
  t.equal(frames(first.got).length, 1);
  bench.loop.unplug(1);
  await until(() => typeOf(members.got.at(-1) ?? '') === header.byeType);
  t.equal(members.got.length, 4, 'hello, two frames, bye');
});

t.test('named peers alone: each gets what is for all, and nobody else is heard', async (t) => {
  const [members, first, second] = [await inGroup(t, far), await peerAt(t, far, one), await peerAt(t, far, other)];
  const bench = new Bench(t);
  const guest = bench.guest(t, 0, 7);
  const uplink = bench.uplink(t, 1, 7, { group: false, peers: [one] });
  second.send(framed(frame(broadcast, station(8))), here, port);
  await bench.until(() => bench.drops(1)['not-a-peer'] === 1);
  first.send(message(header.helloType, new Uint8Array(8).fill(5)), here, port);
  await bench.until(() => first.got.some((text) => typeOf(text) === header.replyType));
  t.equal(bodyOf(first.got.find((text) => typeOf(text) === header.replyType) ?? ''), '05'.repeat(8));
  said(guest, frame(broadcast, station(1)));
  await bench.until(() => frames(first.got).length === 1);
  t.same([members.got, second.got], [[], []]);
  t.equal(heard(guest), undefined);
  t.match(uplink.peers.list(), [{ fixed: true, sender: 0x0a0b0c0d }]);
  t.equal(bench.it.fdb.size, 1, 'nothing was learned of a stranger');
});

t.test('both: the group and who is named get it', async (t) => {
  const [members, first] = [await inGroup(t, far), await peerAt(t, far, one)];
  const bench = new Bench(t);
  const guest = bench.guest(t, 0, 7);
  bench.uplink(t, 1, 7, { peers: [one] });
  for (let i = 0; i < 100; i += 1) said(guest, frame(broadcast, station(i)));
  await bench.until(() => frames(first.got).length === 100 && frames(members.got).length === 100);
  t.match(bench.it.counters.of(1), { txFrames: 100, drops: { 'egress-full': 0, 'egress-failed': 0 } });
  bench.loop.unplug(1);
});

t.test('what is not understood, or is our own, is dropped and counted, and nothing is learned', async (t) => {
  const [members, first] = [await inGroup(t, far), await peerAt(t, far, one)];
  const bench = new Bench(t);
  const guest = bench.guest(t, 0, 7);
  const uplink = bench.uplink(t, 1, 7);
  await bench.until(() => members.got.length > 0);
  const good = framed(frame(broadcast, station(66)));
  for (const bad of [
    '',
    '10',
    `20${good.slice(2)}`,
    `14${good.slice(2)}`,
    `1001${good.slice(4)}`,
    `11${good.slice(2)}`,
  ]) {
    first.send(bad, here, port);
  }
  await bench.until(() => bench.drops(1)['bad-header'] === 6);
  first.send(framed(frame(broadcast, station(66)), id + 1), here, port);
  const own = Number.parseInt((members.got[0] as string).slice(8, 16), 16);
  first.send(message(header.frameType, frame(broadcast, station(66)), id, own), here, port);
  await bench.until(() => bench.drops(1).own === 1);
  t.equal(uplink.peers.size, 0);
  t.equal(bench.it.fdb.size, 0);
  t.equal(heard(guest), undefined);

  const io = new FrameIo([{ slots: 1, room: 2048 }]);
  uplink.tick(io, 0, 0);
  await until(() => members.got.length === 2);
  t.equal(
    members.got[1]?.slice(8, 16),
    members.got[0]?.slice(8, 16),
    'what comes back is no reason for another number',
  );
  first.send(message(header.helloType, new Uint8Array(8), id, own), here, port);
  await bench.until(() => bench.drops(1).own === 2);
  uplink.tick(io, 0, 0);
  await until(() => members.got.length === 3);
  t.not(members.got[2]?.slice(8, 16), members.got[0]?.slice(8, 16), 'another switch with the same number is one');
  bench.loop.unplug(1);
});

t.test('no more peers than there is room for; who answers has it, and who is silent leaves it', async (t) => {
  const [members, first] = [await inGroup(t, far), await peerAt(t, far, one)];
  const bench = new Bench(t);
  bench.guest(t, 0, 7);
  const uplink = bench.uplink(t, 1, 7);
  const address = new Uint8Array(32);
  for (let i = 0; i < 256; i += 1) {
    address[0] = i;
    uplink.peers.add(address, 0, false, performance.now() / 1000);
  }
  first.send(framed(frame(broadcast, station(66))), here, port);
  await bench.until(() => bench.drops(1)['no-peer-room'] === 1);
  t.equal(bench.it.fdb.size, 0);
  await bench.until(() => members.got.length > 0);
  const body = Buffer.from(bodyOf(members.got[0] as string), 'hex');
  first.send(message(header.replyType, new Uint8Array(8)), here, port);
  first.send(message(header.replyType, body), here, port);
  await bench.until(() => uplink.peers.list().some(({ roundTrip }) => roundTrip !== undefined));
  t.equal(uplink.peers.size, 256, 'in place of one that has not answered');
  first.send(framed(frame(broadcast, station(66))), here, port);
  await bench.until(() => bench.it.fdb.size === 1);
  uplink.tick(new FrameIo([{ slots: 1, room: 2048 }]), 0, performance.now() / 1000 + 60);
  t.equal(uplink.peers.size, 0);
  first.send(framed(frame(broadcast, station(67))), here, port);
  await bench.until(() => uplink.peers.size === 1);
  bench.loop.unplug(1);
});

t.test('who says hello in any number and has not answered gets few answers', async (t) => {
  const [members, first] = [await inGroup(t, far), await peerAt(t, far, one)];
  const bench = new Bench(t);
  bench.guest(t, 0, 7);
  const uplink = bench.uplink(t, 1, 7);
  await bench.until(() => members.got.length > 0);
  const replies = () => first.got.filter((text) => typeOf(text) === header.replyType).length;
  const last = new Uint8Array(8).fill(9);
  for (let i = 0; i < 2000; i += 1) first.send(message(header.helloType, new Uint8Array(8)), here, port);
  // They may be more than the socket has room for, and this one lost
  let tries = 0;
  await bench.until(() => {
    if (tries % 50 === 0) first.send(framed(frame(broadcast, station(1))), here, port);
    tries += 1;
    return bench.it.fdb.size === 1;
  });
  t.ok(replies() < 2000, `${replies()} answers to 2,000 hellos`);
  first.send(message(header.replyType, Buffer.from(bodyOf(members.got[0] as string), 'hex')), here, port);
  await bench.until(() => uplink.peers.list()[0]?.roundTrip !== undefined);
  for (let i = 0; i < 200; i += 1) first.send(message(header.helloType, last), here, port);
  await bench.until(() => first.got.filter((text) => bodyOf(text) === hex(last)).length === 200);
  t.pass('who has answered gets all');
  bench.loop.unplug(1);
});

t.test('networks that share a socket hear their own, whichever of them waits', async (t) => {
  const first = await peerAt(t, far, one);
  const bench = new Bench(t);
  const [guest, stranger] = [bench.guest(t, 0, 7), bench.guest(t, 1, 8)];
  bench.uplink(t, 2, 7, { id: 1 });
  bench.uplink(t, 3, 8, { id: 2 });
  t.throws(() => bench.uplink(t, 4, 9, { id: 2 }), /no port/, 'an id is had once');
  first.send(framed(frame(broadcast, station(1)), 1), here, port);
  first.send(framed(frame(broadcast, station(2)), 2), here, port);
  let got: (Uint8Array | undefined)[] = [];
  const next = () => {
    got = [got[0] ?? heard(guest), got[1] ?? heard(stranger)];
    return got.every((one) => one !== undefined);
  };
  await bench.until(next);
  t.same(got, [frame(broadcast, station(1)), frame(broadcast, station(2))]);
  t.match([bench.it.counters.of(2), bench.it.counters.of(3)], [{ rxFrames: 1 }, { rxFrames: 1 }]);
  bench.loop.unplug(2);
  first.send(framed(frame(broadcast, station(3)), 1), here, port);
  first.send(framed(frame(broadcast, station(4)), 2), here, port);
  got = [new Uint8Array()];
  await bench.until(next);
  t.same(got[1], frame(broadcast, station(4)));
  t.equal(heard(guest), undefined);
  bench.loop.unplug(3);
});

t.test('VXLAN: its header, and answers to its port wherever a datagram came from', async (t) => {
  const first = await peerAt(t, far, one);
  const sender = await DatagramPeer.start(t, far, { port: 50_000, at: one, encoding: 'hex' });
  const bench = new Bench(t);
  const guest = bench.guest(t, 0, 7);
  bench.uplink(t, 1, 7, { id: 0x123456, encapsulation: 'vxlan' });
  const head = new Uint8Array(header.headerSize);
  writeVxlan(head, 0, 0x123456);
  sender.send(hex(Uint8Array.of(...head, ...frame(broadcast, station(9)))), here, port);
  sender.send(`00${hex(head).slice(2)}`, here, port);
  await bench.until(() => heard(guest) !== undefined);
  await bench.until(() => bench.drops(1)['bad-header'] === 1);
  said(guest, frame(station(9), station(1)));
  await bench.until(() => first.got.length > 0);
  t.same(first.got, [hex(Uint8Array.of(...head, ...frame(station(9), station(1))))], 'no hello, and no bye');
  t.same(sender.got, []);
  bench.loop.unplug(1);
});
