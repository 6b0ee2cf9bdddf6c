/** Uplinks of QDES in a loop, by the real kernel, with programs of another namespace at the far ends. */
import t, { type Test } from 'tap';
import type { Endpoint } from '../../src/core/config.js';
import { FrameIo } from '../../src/kernel/frame-io.js';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { Poller } from '../../src/kernel/poller.js';
import { receive, send, socketPair } from '../../src/kernel/seqpacket.js';
import * as header from '../../src/switch/qdes/header.js';
import { writeVxlan } from '../../src/switch/qdes/vxlan.js';
import { Switch } from '../../src/switch/switch.js';
import { DgramPort } from '../../src/switchd/guest-port.js';
import { Loop } from '../../src/switchd/loop.js';
import { QdesPort } from '../../src/switchd/qdes-port.js';
import { QdesSockets } from '../../src/switchd/qdes-socket.js';
import { DatagramPeer } from '../support/datagram-peer.js';
import { FarEnd } from '../support/far-end.js';
import { broadcast, frame, station } from '../support/frames.js';
import { ipLink } from '../support/links.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const far = await FarEnd.make(t);
far.addWire('wire0', 0);
far.run('ip address add 10.0.0.3/24 dev wire0-far');
const sockets = new LinuxSockets();
t.teardown(() => sockets[Symbol.dispose]());
const ifindex = ipLink('wire0').ifindex as number;
const [port, group, id] = [7755, '239.1.2.3', 4242];
const [here, one, other] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const others = 256;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A datagram of another switch's. */
function message(type: number, body: Uint8Array = new Uint8Array(), network = id, sender = 0x0a0b0c0d): string {
  const head = new Uint8Array(header.headerSize);
  header.writeHeader(head, 0, type, network, sender);
  return hex(Uint8Array.of(...head, ...body));
}

const framed = (body: Uint8Array, network = id) => message(header.frameType, body, network);
const bodyOf = (text: string) => text.slice(2 * header.headerSize);
const typeOf = (text: string) => Number.parseInt(text[1] ?? '', 16);
const frames = (got: readonly string[]) => got.filter((text) => typeOf(text) === header.frameType).map(bodyOf);

const peerAt = (t: Test, at: string) => DatagramPeer.start(t, far, { port, at, encoding: 'hex' });
const inGroup = (t: Test) => DatagramPeer.start(t, far, { port, at: group, group, by: one, encoding: 'hex' });

interface Line {
  readonly id?: number;
  readonly peers?: readonly string[];
  readonly group?: boolean;
  readonly encapsulation?: 'qdes' | 'vxlan';
}

/** A switch, whose loop runs while a test waits. */
class Bench {
  readonly it = new Switch({ ports: 16, addresses: 1024, ageing: 300 });
  readonly poller = Poller.open()._unsafeUnwrap();
  readonly loop = new Loop(this.it, this.poller, { ended: () => {} });
  readonly shared = new QdesSockets();
  readonly socket: OwnedFd;

  constructor(t: Test) {
    const datagrams = { six: false, port, ifindex, ttl: 1, fragment: true };
    this.socket = sockets.openDatagrams(datagrams, 1 << 20)._unsafeUnwrap();
    sockets.joinGroup(this.socket, group, ifindex)._unsafeUnwrap();
    t.teardown(() => {
      this.poller[Symbol.dispose]();
      this.socket.close();
    });
  }

  uplink(t: Test, number: number, network: number, line: Line = {}): QdesPort {
    const copy = sockets.duplicate(this.socket)._unsafeUnwrap();
    t.teardown(() => copy.close());
    const at = (address: string): Endpoint => ({ address, port });
    const about = {
      ...{ socket: 's', id: line.id ?? id, encapsulation: line.encapsulation ?? 'qdes', port },
      ...(line.group === false ? {} : { group: at(group) }),
      peers: (line.peers ?? []).map(at),
    } as const;
    const uplink = new QdesPort(copy.fd, 1522, about, this.shared.of('s'));
    if (!this.loop.plug(number, { ...options(network), uplink: true }, uplink)) throw new Error('no port');
    return uplink;
  }

  guest(t: Test, number: number, network: number): OwnedFd {
    const [ours, theirs] = socketPair('seqpacket')._unsafeUnwrap();
    t.teardown(() => {
      this.loop.unplug(number);
      ours.close();
      theirs.close();
    });
    this.loop.plug(number, options(network), new DgramPort(ours.fd, 1522));
    return theirs;
  }

  /** Carries frames until the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    await until(() => {
      this.turn();
      return condition();
    });
  }

  /** The next frame that a guest gets. */
  async heard(guest: OwnedFd): Promise<Uint8Array> {
    let got: Uint8Array | undefined;
    await this.until(() => {
      got = heard(guest);
      return got !== undefined;
    });
    return got as Uint8Array;
  }

  turn(): void {
    this.loop.turn(() => {}, false);
  }

  drops(port: number) {
    return this.it.counters.of(port).drops;
  }
}

const options = (network: number) => ({
  ...{ network, uplink: false, isolated: false, locked: false, untagged: false, maxAddresses: 1000 },
  ...{ floodRate: Number.POSITIVE_INFINITY, addresses: [] },
});

const said = (guest: OwnedFd, bytes: Uint8Array) => send(guest.fd, bytes, [])._unsafeUnwrap();

/** The next frame that a guest got. */
function heard(guest: OwnedFd): Uint8Array | undefined {
  const got = receive(guest.fd, 0)._unsafeUnwrap();
  return got.tag === 'message' ? got.bytes : undefined;
}

t.test('a group: what is for all goes to it, what is for one to that one, until that one leaves', async (t) => {
  const [members, first, second] = [await inGroup(t), await peerAt(t, one), await peerAt(t, other)];
  const bench = new Bench(t);
  const guest = bench.guest(t, 0, 7);
  const uplink = bench.uplink(t, 1, 7);
  await bench.until(() => members.got.length > 0);
  const hello = members.got[0] as string;
  t.equal(typeOf(hello), header.helloType, 'at first it says hello');

  first.send(message(header.replyType, Buffer.from(bodyOf(hello), 'hex')), here, port);
  first.send(framed(frame(broadcast, station(9))), here, port);
  t.same(await bench.heard(guest), frame(broadcast, station(9)), 'without the header');
  t.match(uplink.peers.list(), [{ fixed: false, sender: 0x0a0b0c0d, roundTrip: undefined }], 'a reply makes no peer');
  first.send(message(header.replyType, Buffer.from(bodyOf(hello), 'hex')), here, port);
  await bench.until(() => uplink.peers.list()[0]?.roundTrip !== undefined);
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
  const [members, first, second] = [await inGroup(t), await peerAt(t, one), await peerAt(t, other)];
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
  const [members, first] = [await inGroup(t), await peerAt(t, one)];
  const bench = new Bench(t);
  const guest = bench.guest(t, 0, 7);
  bench.uplink(t, 1, 7, { peers: [one] });
  for (let i = 0; i < 100; i += 1) said(guest, frame(broadcast, station(i)));
  await bench.until(() => frames(first.got).length === 100 && frames(members.got).length === 100);
  t.match(bench.it.counters.of(1), { txFrames: 100, drops: { 'egress-full': 0, 'egress-failed': 0 } });
  bench.loop.unplug(1);
});

t.test('what is not understood, or is our own, is dropped and counted, and nothing is learned', async (t) => {
  const [members, first] = [await inGroup(t), await peerAt(t, one)];
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

t.test('no more peers than there is room for; who is silent leaves room', async (t) => {
  const first = await peerAt(t, one);
  const bench = new Bench(t);
  bench.guest(t, 0, 7);
  const uplink = bench.uplink(t, 1, 7);
  const address = new Uint8Array(32);
  for (let i = 0; i < others; i += 1) {
    address[0] = i;
    uplink.peers.add(address, 0, false, performance.now() / 1000);
  }
  first.send(framed(frame(broadcast, station(66))), here, port);
  await bench.until(() => bench.drops(1)['no-peer-room'] === 1);
  t.equal(bench.it.fdb.size, 0);
  uplink.tick(new FrameIo([{ slots: 1, room: 2048 }]), 0, performance.now() / 1000 + 60);
  t.equal(uplink.peers.size, 0);
  first.send(framed(frame(broadcast, station(66))), here, port);
  await bench.until(() => bench.it.fdb.size === 1);
  bench.loop.unplug(1);
});

t.test('networks that share a socket hear their own, whichever of them waits', async (t) => {
  const first = await peerAt(t, one);
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
  const first = await peerAt(t, one);
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
