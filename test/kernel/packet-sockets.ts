/** Packet sockets on the real kernel: which frames are in their queue, and which never are. */
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { constants, readSync, writeSync } from 'node:fs';
import t, { type Test } from 'tap';
import { FrameIo, withTag } from '../../src/kernel/frame-io.js';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import { native } from '../../src/kernel/native.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { vnetHeaderLength } from '../../src/switch/offload/vnet-header.js';
import { DatagramPeer } from '../support/datagram-peer.js';
import { closeOnExec, flagsOf, openFds } from '../support/descriptors.js';
import { FarEnd } from '../support/far-end.js';
import { ipLink } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { offloadedFrame, plainPacket } from '../support/offload-frames.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const far = await FarEnd.make(t);
far.addWire('wire0', 0);
sh(
  'ip link add both type veth peer name ends; ip link set both addrgenmode none up; ip link set ends addrgenmode none up',
);
const sockets = new LinuxSockets();
t.teardown(() => sockets[Symbol.dispose]());
const index = (name: string) => ipLink(name).ifindex as number;

function open(t: Test, name: string): OwnedFd {
  const socket = sockets.openPacket(index(name))._unsafeUnwrap();
  t.teardown(() => socket.close());
  return socket;
}

/** Everything in its queue, which has room for a few hundred; the socket does not wait any more. */
function drain({ fd }: OwnedFd): Buffer[] {
  native.neverWait(fd);
  const frames: Buffer[] = [];
  while (frames.length < 1000) {
    const memory = Buffer.alloc(70_000);
    try {
      frames.push(memory.subarray(0, readSync(fd, memory)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return frames;
      throw error;
    }
  }
  return frames;
}

/** A frame of a type for experiments (IEEE 802), which no other program sends. */
function frame(to: string, text: string): Buffer {
  const address = Buffer.from(to.replaceAll(':', ''), 'hex');
  return Buffer.concat([address, Buffer.from('02000000000188b5', 'hex'), Buffer.from(text.padEnd(46, '.'))]);
}

t.test('frames of all sizes, byte for byte, whomever they are for', async (t) => {
  const [one, other] = [open(t, 'both'), open(t, 'ends')];
  t.equal(flagsOf(one.fd) & constants.O_NONBLOCK, 0, 'reading waits');
  t.not(flagsOf(one.fd) & closeOnExec, 0);
  const sent = ['ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '02:00:00:00:00:99', ipLink('ends').address].flatMap((to) =>
    [1, 46, 1000, 1500].map((size) => frame(to, 'x'.repeat(size))),
  );
  for (const each of sent) writeSync(one.fd, each);
  t.same(drain(other), sent);
  t.same(drain(one), [], 'not its own');
  writeSync(other.fd, frame('02:00:00:00:00:01', 'back'));
  t.same(drain(one), [frame('02:00:00:00:00:01', 'back')]);
});

t.test('the switch’s uplink: a header before each frame, and the VLAN tag beside it', async (t) => {
  const [one, other] = ['both', 'ends'].map((name) => {
    const socket = sockets.openPacketUplink(index(name), 1 << 20)._unsafeUnwrap();
    t.teardown(() => socket.close());
    return socket;
  }) as [OwnedFd, OwnedFd];
  t.equal(flagsOf(one.fd) & constants.O_NONBLOCK, 0);
  const io = new FrameIo([{ slots: 8, room: 66_000 }]);
  const packet = { ...plainPacket, payload: new Uint8Array(30_000) };
  const whole = [offloadedFrame(packet, 1448), offloadedFrame({ ...plainPacket, tags: [0xe007] })];
  for (const each of whole) writeSync(one.fd, each);
  t.equal(io.receive(other.fd, 0, 8, vnetHeaderLength, withTag), 2);
  t.same([...io.tag.subarray(0, 2)], [0, (0x8100 << 16) | 0xe007]);
  t.same(
    [...io.length.subarray(0, 2)],
    [whole[0]?.length, (whole[1]?.length ?? 0) - 4].map((all) => (all ?? 0) - 10),
  );
  const at = io.start[0] as number;
  t.same(Buffer.from(io.bytesOf(0).subarray(at, at + 100)), Buffer.from(whole[0]?.subarray(10, 110) ?? []));
  t.same(io.bytesOf(0).subarray(at - 10, at), whole[0]?.subarray(0, 10));
  t.ok(io.receive(one.fd, 0, 8, vnetHeaderLength, withTag) < 0, 'not its own');
});

t.test('a socket that was made elsewhere gets more memory', async (t) => {
  const socket = open(t, 'both');
  const waiting = (times: number) => {
    const other = open(t, 'ends');
    for (let i = 0; i < times; i += 1) writeSync(other.fd, frame('02:00:00:00:00:01', 'x'.repeat(1400)));
    other.close();
    return drain(socket).length;
  };
  const before = waiting(900);
  sockets.enlarge(socket, 8 << 20)._unsafeUnwrap();
  const after = waiting(900);
  t.ok(before < 900 && after === 900, `${before} of 900 frames waited, then ${after}`);
});

t.test('the interface is promiscuous while it is open', async (t) => {
  const promiscuity = () => ipLink('wire0').promiscuity;
  t.equal(promiscuity(), 0);
  const [one, other] = [open(t, 'wire0'), open(t, 'wire0')];
  t.equal(promiscuity(), 2);
  one.close();
  t.equal(promiscuity(), 1);
  other.close();
  t.equal(promiscuity(), 0);
});

t.test('what the far end sends to a third, and nothing that this host sends', async (t) => {
  const socket = open(t, 'wire0');
  far.run('ip neigh replace 10.0.0.9 lladdr 02:00:00:00:00:99 dev wire0-far nud permanent');
  sh('ip neigh replace 10.0.0.8 lladdr 02:00:00:00:00:88 dev wire0 nud permanent');
  const own = createSocket('udp4');
  await new Promise((sent) => own.send('from this host', 9, '10.0.0.8', sent));
  own.close();
  const peer = await DatagramPeer.start(t, far, { port: 9 });
  peer.send('from the far end', '10.0.0.9', 9);
  const texts: string[] = [];
  await until(() => {
    texts.push(...drain(socket).map((each) => each.toString('latin1')));
    return texts.some((text) => text.includes('from the far end'));
  });
  t.same(
    texts.filter((text) => text.includes('from this host')),
    [],
  );
});

t.test('no frame of another interface is ever in its queue', async (t) => {
  const module = new URL('../../src/kernel/linux-sockets.js', import.meta.url).href;
  const flood = `import { writeSync } from 'node:fs';
    const { LinuxSockets } = await import(${JSON.stringify(module)});
    const socket = new LinuxSockets().openPacket(${index('ends')})._unsafeUnwrap();
    const frame = Buffer.from('${frame('ff:ff:ff:ff:ff:ff', 'of the other wire').toString('hex')}', 'hex');
    for (;;) writeSync(socket.fd, frame);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', flood], { stdio: 'inherit' });
  t.teardown(() => child.kill('SIGKILL'));
  const [witness, quiet] = [open(t, 'both'), index('wire0')];
  const strange: Buffer[] = [];
  for (let seen = 0; seen < 200; ) {
    const socket = sockets.openPacket(quiet)._unsafeUnwrap();
    strange.push(...drain(socket));
    socket.close();
    // Only what was opened while frames came counts
    if (drain(witness).length > 0) seen++;
  }
  t.same(strange, []);
});

t.test('what cannot be had, and nothing is left of it', async (t) => {
  const before = openFds();
  t.match(sockets.openPacket(99_999)._unsafeUnwrapErr(), { call: 'PACKET_ADD_MEMBERSHIP', code: 'ENODEV' });
  sh('ip link set both down');
  t.match(sockets.openPacket(index('both'))._unsafeUnwrapErr(), { call: 'bind', code: 'ENETDOWN' });
  t.equal(ipLink('both').promiscuity, 0);
  t.equal(openFds(), before);
});

t.test('without CAP_NET_RAW there is none', async (t) => {
  const module = new URL('../../src/kernel/linux-sockets.js', import.meta.url).href;
  const script = `const { LinuxSockets } = await import(${JSON.stringify(module)});
    console.log(JSON.stringify(new LinuxSockets().openPacket(${index('wire0')}).error));
    process.exit();`;
  const without = ['--bounding-set=-net_raw', '--inh-caps=-net_raw', '--ambient-caps=-net_raw'];
  const { stdout, stderr } = spawnSync('setpriv', [...without, process.execPath, '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  t.equal(stderr, '');
  t.match(JSON.parse(stdout || '{}'), { call: 'socket', code: 'EPERM' });
});
