/** Trains of datagrams at an uplink of QDES: what becomes of each is what would without trains, and they are counted right. */
import t, { type Test } from 'tap';
import { FrameIo, frameBatch } from '../../src/kernel/frame-io.js';
import * as header from '../../src/switch/qdes/header.js';
import type { QdesPort } from '../../src/switchd/qdes-port.js';
import { Seal, sealSize } from '../../src/switchd/qdes-seal.js';
import { FarEnd } from '../support/far-end.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { Bench, framed, frames, hex, inGroup, message, port, said } from '../support/qdes-bench.js';
import { randomNumbers } from '../support/random.js';
import { anyLength, openUdp, receiveAll, Trains } from '../support/trains.js';

inPrivateNamespace();
const here = '127.0.0.1';
const away = 7000;
const key = '1a'.repeat(32);
const bytesOf = (text: string) => Buffer.from(text, 'hex');

/** A switch, its guest and its uplink, and a program that sends trains to that, or with `longest` 0 none. */
function scene(t: Test, longest: number, line: Parameters<Bench['uplink']>[3] = {}) {
  const bench = new Bench(t, 'lo');
  const guest = bench.guest(t, 0, 7);
  const uplink = bench.uplink(t, 1, 7, line);
  const socket = openUdp(t, { port: away });
  const trains = new Trains(socket, [{ address: here, port }]);
  const got: string[] = [];
  const io = new FrameIo([{ slots: frameBatch, room: 2000 }]);
  /** Until the guest has this frame. */
  const carry = async (last: Uint8Array) => {
    for (let told = ''; told !== hex(last); got.push(told)) told = hex(await bench.heard(guest));
  };
  return {
    ...{ bench, guest, uplink, got, carry },
    send: (datagrams: readonly Uint8Array[]) => trains.send(datagrams, longest),
    receive: () => receiveAll(socket, io, frameBatch).map(({ bytes }) => bytes),
    close: () => {
      const found = { counts: bench.it.counters.of(1), addresses: bench.it.fdb.size, got };
      bench.loop.unplug(1);
      return found;
    },
  };
}

/** Datagrams of one size, of anybody's making. */
function mixture(random: (below: number) => number, size: number): Buffer[] {
  return Array.from({ length: 2 + random(60) }, () => {
    const bytes = Buffer.alloc(size);
    for (let i = 0; i < size; i += 1) bytes[i] = random(256);
    const good = bytesOf(framed(frame(broadcast, station(random(500)))));
    if (random(8) !== 0) good.copy(bytes);
    if (random(8) === 0) bytes[random(header.headerSize)] = random(256);
    return bytes;
  });
}

t.test('bad lengths, bad headers and good frames in one train', async (t) => {
  const results: unknown[] = [];
  for (const longest of [anyLength, 0]) {
    await t.test(longest === 0 ? 'one by one' : 'in trains', async (t) => {
      const random = randomNumbers(5);
      const { send, carry, close } = scene(t, longest);
      for (let round = 0; round < 60; round += 1) {
        const size = [1, 7, 8, 12, 16, 21, 22, 68, 200, 1530, 1531, 1600][random(12)] as number;
        const shorter = mixture(random, 1 + random(size)).slice(0, random(2));
        send([...mixture(random, size), ...shorter]);
        const last = frame(broadcast, station(1000 + round));
        send([bytesOf(framed(last))]);
        await carry(last);
      }
      results.push(close());
    });
  }
  const [together, alone] = results as { counts: { drops: object; rxFrames: number }; addresses: number }[];
  t.same(together, alone);
  t.match(together?.counts.drops, { 'bad-header': Number, 'too-short': Number, 'too-long': Number });
  t.ok((together?.addresses ?? 0) > 100, 'some were learned from');
});

/** Answers what the uplink asks, so that it believes what the seal's owner sends. */
async function prove(seal: Seal, { bench, uplink, receive, send }: ReturnType<typeof scene>): Promise<void> {
  const sealed = (type: number, body: Uint8Array) => sealedMessage(seal, type, body);
  const mine = new Seal([bytesOf(key)]);
  send([sealed(header.helloType, new Uint8Array(header.stampSize))]);
  await bench.until(() => {
    for (const datagram of receive()) {
      const length = datagram.length - header.headerSize;
      if (mine.open(datagram, 0, length) === undefined) throw new Error('it is not sealed');
      if ((datagram[0] as number) % 16 !== header.helloType) continue;
      send([sealed(header.replyType, datagram.subarray(header.headerSize + sealSize))]);
    }
    return uplink.peers.list().some(({ roundTrip }) => roundTrip !== undefined);
  });
}

function sealedMessage(seal: Seal, type: number, body: Uint8Array): Buffer {
  const out = Buffer.alloc(header.headerSize + sealSize + body.length);
  bytesOf(message(type)).copy(out);
  out[1] = header.sealedFlag;
  seal.seal(body, out, 0);
  return out;
}

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

t.test(
  'sealed ones are verified one by one: what is forged or comes again among others is dropped alone',
  async (t) => {
    for (const longest of [anyLength, 0]) {
      await t.test(longest === 0 ? 'one by one' : 'in trains', async (t) => {
        const all = scene(t, longest, { keys: [key] });
        const seal = new Seal([bytesOf(key)]);
        await prove(seal, all);
        const frames = Array.from({ length: 30 }, (_, i) => frame(broadcast, station(2000 + i)));
        const good = frames.map((one) => sealedMessage(seal, header.frameType, one));
        const forged = good.map((one, i) => changed(one, header.headerSize + i));
        const plain = Buffer.concat([bytesOf(framed(frame(broadcast, station(1)))), Buffer.alloc(sealSize)]);
        const again = [0, 1, 2, 5, 29].map((i) => good[i] as Buffer);
        all.send([...good.slice(0, 10), ...forged, ...again.slice(0, 4), plain, ...good.slice(10), ...again.slice(4)]);
        const last = frame(broadcast, station(3000));
        all.send([sealedMessage(seal, header.frameType, last)]);
        await all.carry(last);
        const { counts, got, addresses } = all.close();
        t.same(got, [...frames, last].map(hex), 'each once, in order');
        t.match(counts.drops, { unverified: forged.length + 1, replayed: again.length, 'bad-header': 0 });
        t.equal(addresses, frames.length + 1);
      });
    }
  },
);

for (const keys of [undefined, [key]]) {
  t.test(`what goes out ${keys === undefined ? 'plain' : 'sealed'}, to a host without trains`, async (t) => {
    const all = scene(t, anyLength, keys === undefined ? {} : { keys });
    const { bench, guest, uplink, send, receive, carry } = all;
    const seal = keys === undefined ? undefined : new Seal([bytesOf(key)]);
    if (seal !== undefined) await prove(seal, all);
    // Its first frame says where it is
    const hello = frame(broadcast, station(9));
    send([seal === undefined ? bytesOf(framed(hello)) : sealedMessage(seal, header.frameType, hello)]);
    await carry(hello);
    receive();
    const before = bench.it.counters.of(1).txFrames;
    const sizes = [60, 60, 1000, 1000, 1000, 400, 1200];
    const frames = Array.from({ length: 320 }, (_, i) =>
      frame(station(9), station(1), new Uint8Array(sizes[Math.floor(i / 40) % 7] as number).fill(i)),
    );
    const came: Buffer[] = [];
    for (let i = 0; i < frames.length; i += frameBatch) {
      for (const one of frames.slice(i, i + frameBatch)) said(guest, one);
      await bench.until(() => {
        came.push(...receive());
        return came.length >= i + frameBatch;
      });
    }
    const body = header.headerSize + (seal === undefined ? 0 : sealSize);
    const theirs = new Seal([bytesOf(key)]);
    for (const one of came) {
      if (seal !== undefined) t.ok(theirs.open(one, 0, one.length - header.headerSize)?.fresh);
    }
    t.same(
      came.map((one) => hex(one.subarray(body))),
      frames.map(hex),
    );
    t.match(bench.it.counters.of(1), { txFrames: before + 320, drops: { 'egress-failed': 0, 'egress-full': 0 } });
    t.equal(uplink.peers.size, 1);
    all.close();
  });
}

t.test('what is for all goes to a group in trains, and each of its members has all of it', async (t) => {
  const far = await FarEnd.make(t);
  far.addWire('wire0', 0);
  const members = await inGroup(t, far);
  const bench = new Bench(t);
  const guest = bench.guest(t, 0, 7);
  bench.uplink(t, 1, 7);
  const sent = Array.from({ length: 60 }, (_, i) => frame(broadcast, station(1), new Uint8Array(900).fill(i)));
  for (const one of sent) said(guest, one);
  await bench.until(() => frames(members.got).length === sent.length);
  t.same(frames(members.got), sent.map(hex));
  bench.loop.unplug(1);
});

t.test('they go in trains, but where the way is too narrow, and until it is wider', async (t) => {
  const bench = new Bench(t, 'lo');
  const guest = bench.guest(t, 0, 7);
  const uplink: QdesPort = bench.uplink(t, 1, 7);
  const socket = openUdp(t, { port: away });
  FrameIo.takeTrains(socket.fd);
  const trains = new Trains(socket, [{ address: here, port }]);
  trains.send([bytesOf(framed(frame(broadcast, station(9))))], 0);
  await bench.heard(guest);
  const io = new FrameIo([{ slots: frameBatch, room: 66_000 }]);
  /** @returns the lengths of what the socket has for who takes trains. */
  const say = async (count: number, length: number) => {
    for (let i = 0; i < count; i += 1) said(guest, frame(station(9), station(1), new Uint8Array(length - 14)));
    const messages: number[] = [];
    await bench.until(() => {
      const came = io.receive(socket.fd, 0, frameBatch, 0, 0);
      messages.push(...io.length.subarray(0, Math.max(0, came)));
      return messages.reduce((sum, one) => sum + one, 0) >= count * (header.headerSize + length);
    });
    return messages;
  };
  t.same(await say(40, 1000), [40 * 1008]);
  sh('ip link set lo mtu 1200');
  t.teardown(() => sh('ip link set lo mtu 65536'));
  t.same(await say(20, 1300), new Array(20).fill(1308), 'in fragments, one by one');
  t.same(await say(20, 1000), [20 * 1008]);
  sh('ip link set lo mtu 65536');
  t.same(await say(20, 1300), new Array(20).fill(1308), 'it is not asked anew for each');
  uplink.tick(new FrameIo([{ slots: 1, room: 2048 }]), 0, performance.now() / 1000);
  t.same(await say(20, 1300), [20 * 1308]);
  t.match(bench.it.counters.of(1), { txFrames: 120, drops: { 'egress-failed': 0, 'egress-full': 0 } });
  bench.loop.unplug(1);
});
