/** Frames through real sockets: whole, cut, with prefixes and addresses, and what becomes of those that cannot be sent. */
import { constants } from 'node:os';
import t, { type Test } from 'tap';
import { readAddress, sameAddress, writeAddress } from '../../src/kernel/address-book.js';
import { ownFd } from '../../src/kernel/close.js';
import { addressSize, FrameIo, headroom, withAddress, withTag } from '../../src/kernel/frame-io.js';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import { native } from '../../src/kernel/native.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { broadcast, frame, station, tagged } from '../support/frames.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';

inPrivateNamespace();

const nobody = new Int32Array();
const nowhere = new Uint8Array();

function pair(t: Test, type: 'stream' | 'seqpacket' | 'dgram'): [number, number] {
  const ends = new Int32Array(2);
  t.equal(native.socketPair(type, ends), 0);
  const owned = [...ends].map((fd) => ownFd(fd));
  t.teardown(() => {
    for (const end of owned) end.close();
  });
  return [ends[0] as number, ends[1] as number];
}

/** Puts bytes into a slot, `prefix` of them before its start. */
function put(io: FrameIo, slot: number, bytes: Uint8Array, prefix = 0): void {
  io.bytesOf(slot).set(bytes, (io.start[slot] as number) - prefix);
  io.length[slot] = bytes.length - prefix;
}

function get(io: FrameIo, slot: number, prefix = 0): Uint8Array {
  const start = io.start[slot] as number;
  return io.bytesOf(slot).slice(start - prefix, start + (io.length[slot] as number));
}

t.test('slots lie apart, each with its room and what goes before', async (t) => {
  const io = new FrameIo([
    { slots: 3, room: 2000 },
    { slots: 2, room: 66_000 },
  ]);
  t.same([...io.room], [2000, 2000, 2000, 66_000, 66_000]);
  t.same([...io.region], [0, 0, 0, 1, 1]);
  t.ok((io.start[1] as number) - (io.start[0] as number) >= 2000 + headroom);
  t.ok((io.regions[1] as Uint8Array).length >= (io.start[4] as number) + 66_000);
});

for (const type of ['seqpacket', 'dgram'] as const) {
  t.test(`many frames at once over ${type}`, async (t) => {
    const [one, other] = pair(t, type);
    const io = new FrameIo([{ slots: 64, room: 1518 }]);
    const sent = [46, 0, 1504, 60].map((size, i) => frame(broadcast, station(i), new Uint8Array(size).fill(i)));
    for (const [slot, bytes] of sent.entries()) put(io, slot, bytes);
    t.same(io.send(one, Int32Array.of(0, 1, 2, 3), 4, 0, nobody, nowhere), {
      sent: 4,
      failed: 0,
      large: 0,
      full: 0,
      broken: false,
    });
    t.equal(io.receive(other, 32, 32, 0, 0), 4);
    for (const [i, bytes] of sent.entries()) t.same(get(io, 32 + i), bytes);
    t.equal(io.receive(other, 32, 32, 0, 0), -constants.errno.EAGAIN);
  });
}

t.test(
  'what is noted at the front of a slot stays, whatever goes before the frame, until something is received there',
  async (t) => {
    const [one, other] = pair(t, 'seqpacket');
    const io = new FrameIo([{ slots: 2, room: 100 }]);
    t.equal(io.frontOf(1), (io.start[1] as number) - headroom);
    const front = io.frontOf(1);
    io.unfinished[1] = 2;
    io.start[1] = (io.start[1] as number) - 4;
    t.equal(io.frontOf(1), front);
    put(io, 0, frame(broadcast, station(1)));
    io.send(one, Int32Array.of(0), 1, 0, nobody, nowhere);
    t.equal(io.receive(other, 1, 1, 0, 0), 1);
    t.equal(io.unfinished[1], 0);
  },
);

t.test('prefixes, and what is cut', async (t) => {
  const [one, other] = pair(t, 'seqpacket');
  const io = new FrameIo([{ slots: 8, room: 100 }]);
  put(io, 0, Uint8Array.of(9, 8, 7, 6, ...frame(broadcast, station(1))), 4);
  t.equal(io.send(one, Int32Array.of(0), 1, 4, nobody, nowhere).sent, 1);
  t.equal(io.receive(other, 1, 1, 4, 0), 1);
  t.same(get(io, 1, 4), Uint8Array.of(9, 8, 7, 6, ...frame(broadcast, station(1))));
  native.send(one, Uint8Array.of(1, 2, 3), nobody);
  native.send(one, Uint8Array.of(1, 2, 3, 4), nobody);
  native.send(one, new Uint8Array(104), nobody);
  native.send(one, new Uint8Array(105), nobody);
  t.equal(io.receive(other, 1, 7, 4, 0), 4);
  t.same(
    [...io.length.subarray(1, 5)],
    [-1, 0, 100, 101],
    'less than the prefix, none, as much as there is room for, more',
  );
});

t.test('a stream gives whole frames and takes nothing else', async (t) => {
  const [one, other] = pair(t, 'stream');
  const io = new FrameIo([{ slots: 8, room: 100 }]);
  const bytes = frame(broadcast, station(1));
  const framed = Uint8Array.of(0, 0, 0, bytes.length, ...bytes);
  native.send(one, Uint8Array.of(...framed, ...framed, ...framed.subarray(0, 30)), nobody);
  t.equal(io.receiveStream(other, 0, 8), 2);
  t.same([get(io, 0), get(io, 1)], [bytes, bytes]);
  t.equal(io.receiveStream(other, 0, 8), 0);
  native.send(one, framed.subarray(30), nobody);
  t.equal(io.receiveStream(other, 0, 8), 1, 'the rest has come');
  t.same(get(io, 0), bytes);
  native.send(one, Uint8Array.of(0, 0, 1, 0, ...new Uint8Array(256), ...framed), nobody);
  t.equal(io.receiveStream(other, 0, 8), 2, 'one that is too long is told and passed over');
  t.same([io.length[0], io.length[1]], [256, bytes.length]);
  put(io, 3, framed, 4);
  t.equal(io.send(other, Int32Array.of(3), 1, 4, nobody, nowhere).sent, 1);
  t.equal(io.receiveStream(one, 4, 1), 1);
  t.same(get(io, 4), bytes);
  native.send(one, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1), nobody);
  t.equal(io.receiveStream(other, 0, 8), -constants.errno.EPROTO, 'no frame is as long');
});

t.test('many large frames of a stream come at once, as it tells of them once only', async (t) => {
  const [one, other] = new LinuxSockets().pair('stream', 1 << 20)._unsafeUnwrap();
  t.teardown(() => {
    one.close();
    other.close();
  });
  const size = 24_000;
  const io = new FrameIo([{ slots: 16, room: size }]);
  const framed = new Uint8Array(4 + size).fill(7);
  new DataView(framed.buffer).setUint32(0, size);
  for (let i = 0; i < 13; i += 1) t.equal(native.send(one.fd, framed, nobody), framed.length);
  t.equal(io.receiveStream(other.fd, 0, 16), 13);
  t.same(
    [...io.length.subarray(0, 13)],
    Array.from({ length: 13 }, () => size),
  );
  t.equal(get(io, 12).indexOf(0), -1);
});

for (const address of ['127.0.0.1', '::1']) {
  t.test(`far ends at ${address}`, async (t) => {
    const [one, other] = [1, 2].map(() => ownFd(native.inetOpen(address, false))) as [OwnedFd, OwnedFd];
    t.teardown(() => {
      one.close();
      other.close();
    });
    t.equal(native.inetBind(one.fd, address, 4001), 0);
    t.equal(native.inetBind(other.fd, address, 4002), 0);
    const io = new FrameIo([{ slots: 4, room: 1518 }]);
    const table = new Uint8Array(2 * addressSize);
    t.ok(writeAddress({ address, port: 4002 }, table, 1).isOk());
    put(io, 0, frame(broadcast, station(1)));
    t.equal(io.send(one.fd, Int32Array.of(0), 1, 0, Int32Array.of(1), table).sent, 1);
    t.equal(io.receive(other.fd, 1, 1, 0, withAddress), 1);
    t.same(readAddress(io.address, 1), { address, port: 4001 });
    table.set(io.address.subarray(addressSize, 2 * addressSize), 0);
    put(io, 2, frame(station(1), station(2)));
    t.equal(io.send(other.fd, Int32Array.of(2), 1, 0, Int32Array.of(0), table).sent, 1, 'the answer goes back');
    t.equal(io.receive(one.fd, 3, 1, 0, withAddress), 1);
    t.same(get(io, 3), frame(station(1), station(2)));
    t.ok(sameAddress(table, 1, io.address, 3));
    t.notOk(sameAddress(table, 0, io.address, 3));
  });
}

t.test('what cannot be sent', async (t) => {
  const [one, other] = pair(t, 'seqpacket');
  const io = new FrameIo([{ slots: 64, room: 60_000 }]);
  for (let slot = 0; slot < 64; slot += 1) put(io, slot, new Uint8Array(60_000));
  const slots = Int32Array.from({ length: 64 }, (_, slot) => slot);
  const { sent, full } = { ...io.send(one, slots, 64, 0, nobody, nowhere) };
  t.ok(sent > 0 && full > 0 && sent + full === 64, `${sent} sent, no room for ${full}`);
  native.close(other);
  t.match(io.send(one, slots, 64, 0, nobody, nowhere), { sent: 0, failed: 64, broken: true });
  t.throws(() => io.send(one, Int32Array.of(64), 1, 0, nobody, nowhere), /slots/);
  t.throws(() => io.send(one, slots, 1, headroom + 1, nobody, nowhere), /slots/);
});

t.test('the tag that the kernel took off', { skip: process.geteuid?.() !== 0 && 'not root' }, async (t) => {
  sh('ip link add va type veth peer name vb; ip link set va up; ip link set vb up');
  const [out, into] = ['va', 'vb'].map((name) => {
    const socket = ownFd(native.packetOpen());
    t.teardown(() => socket.close());
    t.equal(native.packetBind(socket.fd, shJson(`ip -j link show ${name}`)[0].ifindex), 0);
    return socket.fd;
  }) as [number, number];
  t.equal(native.packetAuxdata(into), 0);
  const io = new FrameIo([{ slots: 64, room: 1518 }]);
  const plain = frame(broadcast, station(1));
  put(io, 0, tagged(0x7ea, plain));
  t.equal(io.send(out, Int32Array.of(0), 1, 0, nobody, nowhere).sent, 1);
  put(io, 0, plain);
  t.equal(io.send(out, Int32Array.of(0), 1, 0, nobody, nowhere).sent, 1);
  const count = io.receive(into, 1, 32, 0, withTag);
  const ours = Array.from({ length: Math.max(0, count) }, (_, i) => 1 + i).filter((slot) => get(io, slot)[11] === 1);
  t.same(
    ours.map((slot) => [io.tag[slot], get(io, slot)]),
    [
      [(0x8100 << 16) | 0x7ea, plain],
      [0, plain],
    ],
  );
});
