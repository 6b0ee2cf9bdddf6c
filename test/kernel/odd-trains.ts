/** Trains of datagrams that are not as ours are, and calls that cannot be. */
import { execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { FrameIo, frameBatch } from '../../src/kernel/frame-io.js';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import { vnetHeaderLength } from '../../src/switch/offload/vnet-header.js';
import { ipLink } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { offloadedFrame, plainPacket } from '../support/offload-frames.js';
import { inProject } from '../support/project.js';
import { randomNumbers } from '../support/random.js';
import { temporaryFolder } from '../support/temporary.js';
import { anyLength, openUdp, receiveAll, receiveAtLeast, Trains } from '../support/trains.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const [from, to, third] = [4001, 4002, 4003];
const here = '127.0.0.1';
const random = randomNumbers(12);
const filled = (length: number) => Buffer.from(Uint8Array.from({ length }, () => random(256)));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const slotsOf = (room: number, slots = frameBatch) => new FrameIo([{ slots, room }]);

t.test('what is left of one socket is not given as of another', async (t) => {
  const [one, other, another] = [from, to, third].map((port) => openUdp(t, { port }));
  if (one === undefined || other === undefined || another === undefined) return;
  for (const socket of [other, another]) FrameIo.takeTrains(socket.fd);
  const ends = [to, third].map((port) => ({ address: here, port }));
  const trains = new Trains(one, ends);
  trains.send(
    Array.from({ length: 40 }, () => filled(50)),
    anyLength,
  );
  const theirs = filled(60);
  trains.send([theirs], anyLength, () => 1);
  const io = slotsOf(100);
  await until(() => io.receiveTrains(other.fd, 0, 10, 0) === 10);
  t.equal(io.left, true);
  await until(() => io.receiveTrains(another.fd, 0, 10, 0) === 1);
  t.equal(io.length[0], 60);
  t.equal(io.left, false);
  t.equal(io.receiveTrains(other.fd, 0, 10, 0), -constants.errno.EAGAIN);
});

t.test('a message whose notes do not fit is told as cut', async (t) => {
  const [one, other] = [openUdp(t, { port: from }), openUdp(t, { port: to })];
  FrameIo.takeTrains(other.fd);
  const program = join(temporaryFolder(t), 'notes');
  execFileSync('cc', ['-D_GNU_SOURCE', '-o', program, inProject('test/support/kernel-notes.c')]);
  execFileSync(program, { stdio: ['ignore', 'inherit', 'inherit', other.fd] });
  const trains = new Trains(one, [{ address: here, port: to }]);
  trains.send(
    Array.from({ length: 10 }, () => filled(50)),
    anyLength,
  );
  const came = await receiveAtLeast(1, other, slotsOf(100), frameBatch, 8);
  t.ok(came.length > 0 && came.every(({ length }) => length === -1), 'nobody can know how many it was');
});

t.test('calls that cannot be', async (t) => {
  const [one, other] = [openUdp(t, { port: from }), openUdp(t, { port: to })];
  const io = slotsOf(100, 8);
  const { EINVAL, EAGAIN, EBADF } = constants.errno;
  t.equal(io.receiveTrains(other.fd, 0, 8, 0), -EAGAIN);
  t.equal(io.receiveTrains(other.fd, 7, 2, 0), -EINVAL);
  t.equal(io.receiveTrains(other.fd, 9, 1, 0), -EINVAL);
  t.equal(io.receiveTrains(other.fd, 0, 8, 200), -EINVAL, 'a prefix that no slot has');
  t.equal(io.receiveTrains(-1, 0, 8, 0), -EBADF);
  t.equal(FrameIo.takeTrains(-1), false);
  const [slots, places, addresses] = [new Int32Array(8), new Int32Array(8), new Uint8Array(32)];
  t.throws(() => io.sendTrains(one.fd, slots.fill(8), 8, 0, places, addresses, anyLength), /slots/);
  t.throws(() => io.sendTrains(one.fd, slots.fill(0), 8, 0, places.fill(1), addresses, anyLength), /slots/);
  t.throws(() => io.sendTrains(one.fd, slots, 8, 0, places.fill(-1), addresses, anyLength), /slots/);
  t.throws(() => io.sendTrains(one.fd, slots, 9, 0, places, addresses, anyLength), /places/);
});

t.test('trains of any size and any length, as only a machine on the wire can make them', async (t) => {
  sh('ip link add ra type veth peer name rb; ip link set ra up; ip link set rb address 02:00:00:00:00:02 up');
  sh('ip address add 10.0.0.2/24 dev rb; sysctl -qw net.ipv4.conf.rb.rp_filter=0 net.ipv4.conf.all.rp_filter=0');
  using sockets = new LinuxSockets();
  const raw = sockets.openPacketUplink(ipLink('ra').ifindex as number, 1 << 24)._unsafeUnwrap();
  t.teardown(() => raw.close());
  const socket = openUdp(t, { port: 9, by: 'rb' });
  FrameIo.takeTrains(socket.fd);
  const [out, io] = [slotsOf(66_000, 1), slotsOf(2048)];
  const inject = (frame: Uint8Array) => {
    out.bytesOf(0).set(frame, (out.start[0] as number) - vnetHeaderLength);
    out.length[0] = frame.length - vnetHeaderLength;
    return out.send(raw.fd, Int32Array.of(0), 1, vnetHeaderLength, new Int32Array(), new Uint8Array()).sent;
  };
  const udp = { ...plainPacket, protocol: 'udp' } as const;
  const end = Buffer.from('the end');
  let [whole, most] = [0, 0];
  for (let round = 0; round < 400; round += 1) {
    const size = random(3) === 0 ? 1 + random(30) : 1 + random(1472);
    const payload = filled(1 + random(random(2) === 0 ? 65_000 : 3000));
    if (inject(offloadedFrame({ ...udp, payload }, size)) === 0) continue;
    while (inject(offloadedFrame({ ...udp, payload: end })) === 0);
    const came: (readonly [number, string])[] = [];
    await until(() => {
      came.push(...receiveAll(socket, io, frameBatch).map(({ length, bytes }) => [length, hex(bytes)] as const));
      return came.at(-1)?.[1] === hex(end);
    });
    came.pop();
    // The kernel drops what it cannot make sense of
    if (came.length === 0) continue;
    const count = Math.ceil(payload.length / size);
    const meant = Array.from({ length: count }, (_, i) => payload.subarray(i * size, (i + 1) * size));
    if (count > 1024) t.same(came, [[0, '']], `${count} datagrams of ${size}`);
    else if (hex(payload) !== came.map(([, text]) => text).join('') || came.length !== count) {
      t.same(
        came.map(([, text]) => text),
        meant.map(hex),
        `${count} datagrams of ${size}`,
      );
    }
    most = Math.max(most, count);
    whole += 1;
  }
  // Some kernels let no more than 128 through
  t.ok(whole > 100 && most > 64, `${whole} came, of ${most} datagrams at most`);
});
