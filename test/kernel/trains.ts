/** Trains of datagrams, through the real kernel: they are the same datagrams as without, however they come and go. */
import t from 'tap';
import { readAddress } from '../../src/kernel/address-book.js';
import { FrameIo, frameBatch } from '../../src/kernel/frame-io.js';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import { ipLink } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { randomNumbers } from '../support/random.js';
import { anyLength, openUdp, receiveAtLeast, Trains } from '../support/trains.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const [from, to, third] = [4001, 4002, 4003];
const loopback = { 4: '127.0.0.1', 6: '::1' } as const;
const random = randomNumbers(11);
const filled = (length: number) => Buffer.from(Uint8Array.from({ length }, () => random(256)));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const slotsOf = (room: number, slots = frameBatch) => new FrameIo([{ slots, room }]);

/** Some of one size in a row, then of another. */
function burst(count: number): Buffer[] {
  const datagrams: Buffer[] = [];
  while (datagrams.length < count) {
    const size = [1, 22, 60, 100, 1000, 1458][random(6)] as number;
    for (let left = 1 + random(70); left > 0; left -= 1) datagrams.push(filled(size));
    if (random(2) === 0) datagrams.push(filled(1 + random(size)));
  }
  return datagrams.slice(0, count);
}

for (const family of [4, 6] as const) {
  for (const [taking, segments] of [
    [true, 65_535],
    [true, 1],
    [false, 65_535],
  ] as const) {
    const receiver = `${taking ? 'trains are taken' : 'one by one'}, ${segments === 1 ? 'cut on the way' : 'whole on the way'}`;
    t.test(`IPv${family}, ${receiver}: what arrives is what was sent`, async (t) => {
      sh(`ip link set lo gso_max_segs ${segments}`);
      t.teardown(() => sh('ip link set lo gso_max_segs 65535'));
      const [one, other, another] = [from, to, third].map((port) => openUdp(t, { port, six: family === 6 }));
      if (one === undefined || other === undefined || another === undefined) return;
      t.equal(FrameIo.takeTrains(other.fd), true);
      if (taking) FrameIo.takeTrains(another.fd);
      const ends = [to, third].map((port) => ({ address: loopback[family], port }));
      const trains = new Trains(one, ends);
      for (let round = 0; round < 20; round += 1) {
        const datagrams = burst(200);
        const places = datagrams.map(() => random(8) === 0);
        const told = trains.send(datagrams, random(4) === 0 ? 0 : anyLength, (nth) => Number(places[nth]));
        t.match(told, { sent: 200, failed: 0, full: 0, refused: 0 });
        const count = 1 + random(frameBatch);
        for (const [place, socket] of [other, another].entries()) {
          const meant = datagrams.filter((_, nth) => Number(places[nth]) === place);
          const came = await receiveAtLeast(meant.length, socket, slotsOf(1500), count);
          t.same(
            came.map(({ bytes }) => hex(bytes)),
            meant.map(hex),
          );
          if (meant.length === 0) continue;
          t.same([...new Set(came.map((one) => one.from))].length, 1, 'all are of one sender');
          t.same(readAddress(Buffer.from(came[0]?.from ?? '', 'hex'), 0), { address: loopback[family], port: from });
        }
      }
    });
  }
}

t.test('the bytes on the wire are the same', async (t) => {
  sh('ip link set lo gso_max_segs 1');
  t.teardown(() => sh('ip link set lo gso_max_segs 65535'));
  using sockets = new LinuxSockets();
  const [one, other] = [openUdp(t, { port: from }), openUdp(t, { port: to })];
  const wire = sockets.openPacket(ipLink('lo').ifindex as number)._unsafeUnwrap();
  t.teardown(() => wire.close());
  sockets.enlarge(wire, 1 << 24)._unsafeUnwrap();
  const trains = new Trains(one, [{ address: loopback[4], port: to }]);
  const datagrams = burst(150);
  const io = slotsOf(2000);
  const ways: string[][] = [];
  for (const longest of [0, anyLength]) {
    t.match(trains.send(datagrams, longest), { sent: 150 });
    const packets: string[] = [];
    await until(() => {
      const count = io.receive(wire.fd, 0, frameBatch, 0, 0);
      for (let slot = 0; slot < count; slot += 1) packets.push(packetIn(io, slot));
      return packets.length === 150;
    });
    ways.push(packets);
  }
  t.same(ways[1], ways[0]);
  await receiveAtLeast(300, other, slotsOf(1500), frameBatch);
});

/**
 * Ethernet's header, IP's length, protocol and addresses, ports and length of UDP, and what it carries; not IP's
 * identification, which is counted on, nor checksums, which lo leaves undone.
 */
function packetIn(io: FrameIo, slot: number): string {
  const start = io.start[slot] as number;
  const bytes = Buffer.from(io.bytesOf(slot).subarray(start, start + (io.length[slot] as number)));
  const parts = [
    [0, 18],
    [20, 24],
    [26, 40],
    [42, bytes.length],
  ] as const;
  return parts.map(([at, end]) => bytes.toString('hex', at, end)).join(' ');
}

t.test('what is longer than its slot, or shorter than its prefix, is told so; what is after it is whole', async (t) => {
  const [one, other] = [openUdp(t, { port: from }), openUdp(t, { port: to })];
  FrameIo.takeTrains(other.fd);
  const trains = new Trains(one, [{ address: loopback[4], port: to }]);
  const good = filled(108);
  for (const [size, length] of [
    [1, -1],
    [7, -1],
    [8, 0],
    [108, 100],
    [109, 101],
    [1000, 101],
  ] as const) {
    const datagrams = Array.from({ length: 20 }, () => filled(size));
    for (const longest of [0, anyLength]) {
      trains.send([good, ...datagrams, good], longest);
      const came = await receiveAtLeast(22, other, slotsOf(100, 7), 7, 8);
      t.same(
        came.map((one) => one.length),
        [100, ...datagrams.map(() => length), 100],
      );
      t.same(came.at(-1)?.bytes, good.subarray(8));
    }
  }
});

t.test('what the way cannot carry whole goes one by one, in fragments or not at all', async (t) => {
  sh('ip link set lo mtu 1500');
  t.teardown(() => sh('ip link set lo mtu 65536'));
  const [one, strict, other] = [
    openUdp(t, { port: from }),
    openUdp(t, { port: third, fragment: false }),
    openUdp(t, { port: to }),
  ];
  FrameIo.takeTrains(other.fd);
  const ends = [{ address: loopback[4], port: to }];
  const large = Array.from({ length: 10 }, () => filled(1600));
  const small = Array.from({ length: 10 }, () => filled(1400));
  const trains = new Trains(one, ends);
  const io = slotsOf(2000);
  const arrived = async (count: number) =>
    (await receiveAtLeast(count, other, io, frameBatch)).map(({ bytes }) => hex(bytes));
  t.same(trains.send([...small, ...large, ...small], anyLength), { sent: 30, failed: 0, full: 0, refused: 1600 });
  t.same(await arrived(30), [...small, ...large, ...small].map(hex), 'in order, none lost, none twice');
  t.same(trains.send([...large, ...small], 1599), { sent: 20, failed: 0, full: 0, refused: 0 });
  t.same(await arrived(20), [...large, ...small].map(hex));
  const told = new Trains(strict, ends).send([...small, ...large, ...small], anyLength);
  t.same(told, { sent: 20, failed: 10, full: 0, refused: 1600 });
  t.same(await arrived(20), [...small, ...small].map(hex));
});

t.test('where nothing may be sent all are told as failed, and trains are not given up', async (t) => {
  const one = openUdp(t, { port: from });
  const trains = new Trains(one, [
    // Nobody may send to all without having said so
    { address: '255.255.255.255', port: to },
    { address: loopback[4], port: to },
  ]);
  const datagrams = Array.from({ length: 10 }, () => filled(100));
  t.same(
    trains.send(datagrams, anyLength, (nth) => (nth < 6 ? 0 : 1)),
    { sent: 4, failed: 6, full: 0, refused: 0 },
  );
});
