/** The uplink to an interface, on a real veth whose far end sends frames as it likes: what guests get, and what the wire. */
import { writeSync } from 'node:fs';
import t, { type Test } from 'tap';
import { ownFd } from '../../src/kernel/close.js';
import { FrameIo, frameBatch, withTag } from '../../src/kernel/frame-io.js';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import { native } from '../../src/kernel/native.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { Poller } from '../../src/kernel/poller.js';
import { setGsoSize, vnetHeaderLength } from '../../src/switch/offload/vnet-header.js';
import { Switch, type SwitchPort } from '../../src/switch/switch.js';
import { DgramPort, StreamPort } from '../../src/switchd/guest-port.js';
import { Loop } from '../../src/switchd/loop.js';
import { PacketPort } from '../../src/switchd/packet-port.js';
import { broadcast, frame, station, tagged } from '../support/frames.js';
import { ipLink } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { offloadedFrame, type Packet, plainPacket, segmentsOf, wireFrame } from '../support/offload-frames.js';

inPrivateNamespace();
const sockets = new LinuxSockets();
t.teardown(() => sockets[Symbol.dispose]());

const options: SwitchPort = {
  ...{ network: 0, uplink: false, isolated: false, locked: false },
  ...{ maxAddresses: 100, maxFrame: 1522, floodRate: Number.POSITIVE_INFINITY, addresses: [] },
};
const wire = 9;

/** A switch on one end of a wire, and a socket at the other that writes and reads frames with a virtio-net header. */
class Scene {
  readonly it = new Switch({ ports: 64, addresses: 1024, ageing: 300 });
  readonly far: OwnedFd;
  readonly ended: number[] = [];
  readonly #loop: Loop;
  readonly #t: Test;
  readonly #vlan: number | undefined;

  /** @param addresses the uplink's own. */
  constructor(t: Test, vlan?: number, addresses: readonly Uint8Array[] = []) {
    this.#t = t;
    this.#vlan = vlan;
    sh('ip link add near type veth peer name far; ip link set near addrgenmode none up');
    sh('ip link set far addrgenmode none up');
    t.teardown(() => sh('ip link del near 2>/dev/null || true'));
    const poller = Poller.open()._unsafeUnwrap();
    t.teardown(() => poller[Symbol.dispose]());
    this.#loop = new Loop(this.it, poller, { ended: (port) => this.ended.push(port) });
    const near = this.#open('near');
    this.far = this.#open('far');
    native.neverWait(this.far.fd);
    const uplink = { ...options, uplink: true, addresses };
    t.ok(this.#loop.plug(wire, uplink, new PacketPort(near.fd, options.maxFrame, vlan)));
  }

  #open(name: string): OwnedFd {
    const socket = sockets.openPacketUplink(ipLink(name).ifindex, 1 << 22)._unsafeUnwrap();
    this.#t.teardown(() => socket.close());
    return socket;
  }

  /** @param stream false: it gets one frame a message. @returns the guest's end. */
  guest(port: number, stream = false, maxFrame = options.maxFrame): number {
    const ends = new Int32Array(2);
    native.socketPair(stream ? 'stream' : 'seqpacket', ends);
    const [ours, theirs] = [ownFd(ends[0] as number), ownFd(ends[1] as number)];
    native.sendBuffer(ours.fd, 1 << 20);
    this.#t.teardown(() => {
      ours.close();
      theirs.close();
    });
    const io = stream ? new StreamPort(ours.fd, maxFrame) : new DgramPort(ours.fd, maxFrame);
    this.#t.ok(this.#loop.plug(port, { ...options, untagged: this.#vlan !== undefined }, io));
    return theirs.fd;
  }

  /** The far end sends. @param bytes a frame behind its virtio-net header. */
  send(bytes: Uint8Array): void {
    writeSync(this.far.fd, bytes);
    this.turn();
  }

  turn(): void {
    this.#loop.turn(() => {}, false);
  }

  /** What the far end has got: each frame behind its header, with the tag that the kernel has put beside it. */
  onWire(): Buffer[] {
    const count = Math.max(0, onWire.receive(this.far.fd, 0, frameBatch, vnetHeaderLength, withTag));
    return Array.from({ length: count }, (_, slot) => {
      const [at, tag] = [onWire.start[slot] as number, onWire.tag[slot] as number];
      const bytes = onWire.bytesOf(slot).slice(at - vnetHeaderLength, at + (onWire.length[slot] as number));
      const there = tag === 0 ? [] : [tag >>> 24, tag >>> 16, tag >>> 8, tag];
      const type = vnetHeaderLength + 12;
      return Buffer.concat([bytes.subarray(0, type), Buffer.from(there), bytes.subarray(type)]);
    });
  }

  get drops() {
    return this.it.counters.of(wire).drops;
  }
}

const onWire = new FrameIo([{ slots: frameBatch, room: 66_000 }]);
const memory = Buffer.alloc(70_000);
const plain = (bytes: Uint8Array) => Buffer.concat([Buffer.alloc(vnetHeaderLength), bytes]);

function all(read: () => Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (;;) {
    try {
      const one = read();
      if (one.length === 0) return frames;
      frames.push(one);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return frames;
      throw error;
    }
  }
}

/** All frames that a guest has got. */
function got(fd: number): Buffer[] {
  return all(() => Buffer.from(memory.subarray(0, Math.max(0, native.receive(fd, memory, new Int32Array(255))))));
}

function gotByStream(fd: number): Buffer[] {
  const bytes = Buffer.concat(got(fd));
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at))
    frames.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)));
  return frames;
}

const long: Partial<Packet> = { payload: Uint8Array.from({ length: 60_000 }, (_, i) => (i * i) >> 5) };

t.test('what the far end leaves to others is finished for guests of both forms, once', async (t) => {
  const scene = new Scene(t);
  const [one, two] = [scene.guest(0), scene.guest(1, true)];
  const cases: [Partial<Packet>, number][] = [
    [{}, 0],
    [{ ip: 6, protocol: 'udp' }, 0],
    [{ tags: [7] }, 0],
    [long, 1448],
    [{ ...long, ip: 6, tags: [0xe007] }, 1420],
    [{ ...long, protocol: 'udp' }, 1400],
    [{ ...long, tags: [7, 9] }, 1400],
    [{ payload: new Uint8Array(60_000).fill(3), tcpOptions: 0 }, 48],
  ];
  for (const [some, size] of cases) {
    const packet = { ...plainPacket, ...some };
    const wanted = size === 0 ? [wireFrame(packet)] : segmentsOf(packet, size);
    const name = `${packet.protocol} IPv${packet.ip} ${packet.tags} in ${wanted.length}`;
    scene.send(offloadedFrame(packet, size));
    const same = (frames: Buffer[]) => Buffer.concat(frames).equals(Buffer.concat(wanted)) && frames.length;
    t.equal(same(got(one)), wanted.length, name);
    t.equal(same(gotByStream(two)), wanted.length, `${name}, by a stream`);
  }
  t.match(scene.it.counters.of(0), { drops: { 'egress-full': 0 } });
});

t.test('what guests send goes out as it is, and tags stay both ways', async (t) => {
  const scene = new Scene(t);
  const one = scene.guest(0);
  const frames = [
    frame(broadcast, station(1)),
    tagged(7, frame(broadcast, station(1), new Uint8Array(1500).fill(7))),
    tagged(9, tagged(0xe007, frame(broadcast, station(1)))),
    wireFrame({ ...plainPacket, tags: [3] }),
  ];
  for (const bytes of frames) native.send(one, bytes, new Int32Array());
  scene.turn();
  t.same(scene.onWire(), frames.map(plain));
  for (const bytes of frames) scene.send(plain(Buffer.concat([bytes.subarray(0, 6), station(5), bytes.subarray(12)])));
  t.same(
    got(one).map((bytes) => bytes.subarray(12).toString('hex')),
    frames.map((bytes) => Buffer.from(bytes.subarray(12)).toString('hex')),
  );
});

t.test('an access VLAN: its tag is on the wire, and guests neither get nor send one', async (t) => {
  const scene = new Scene(t, 7);
  const [one, two] = [scene.guest(0), scene.guest(1)];
  const hello = frame(broadcast, station(5), new Uint8Array(100).fill(1));
  for (const bytes of [tagged(7, hello), tagged(0xe007, hello)]) scene.send(plain(bytes));
  for (const other of [hello, tagged(8, hello), tagged(0, hello)]) scene.send(plain(other));
  t.same(got(one), [Buffer.from(hello), Buffer.from(hello)]);
  got(two);
  t.match(scene.drops, { vlan: 3 });

  const packet = { ...plainPacket, ...long };
  scene.send(offloadedFrame({ ...packet, tags: [7] }, 1448));
  t.ok(Buffer.concat(got(one)).equals(Buffer.concat(segmentsOf(packet, 1448))), 'segments too');
  got(two);

  native.send(one, frame(broadcast, station(1)), new Int32Array());
  scene.turn();
  t.same(got(two), [Buffer.from(frame(broadcast, station(1)))], 'the other guest gets it without a tag');
  t.same(scene.onWire(), [plain(tagged(7, frame(broadcast, station(1))))], 'the wire has the tag');
  for (const vlan of [0, 7, 8]) native.send(one, tagged(vlan, frame(broadcast, station(1))), new Int32Array());
  scene.turn();
  t.match(scene.it.counters.of(0), { drops: { vlan: 3 } });
  t.same(got(two), []);
});

t.test('the host’s own address is nobody else’s', async (t) => {
  const scene = new Scene(t, undefined, [station(77)]);
  const one = scene.guest(0);
  scene.send(plain(frame(station(77), station(5))));
  t.same(got(one), [], 'what comes for the host is not for guests');
  native.send(one, frame(broadcast, station(77)), new Int32Array());
  scene.turn();
  t.same(scene.onWire(), []);
  t.match(scene.it.counters.of(0), { drops: { spoofed: 1 } });
});

t.test('what cannot be finished is dropped and counted', async (t) => {
  const scene = new Scene(t);
  const one = scene.guest(0);
  const packet = { ...plainPacket, ...long };
  scene.send(offloadedFrame(packet, 40));
  t.match(scene.drops, { 'bad-offload': 1 }, 'too many segments');
  sh('ip link set near mtu 9000; ip link set far mtu 9000');
  scene.send(offloadedFrame(packet, 1600));
  scene.send(plain(frame(broadcast, station(5), new Uint8Array(1600))));
  scene.send(plain(tagged(7, frame(broadcast, station(5), new Uint8Array(1505)))));
  t.match(scene.drops, { 'bad-offload': 1, 'too-long': 3 });
  t.same(got(one), []);
  const spoiled = offloadedFrame(packet, 1448);
  setGsoSize(spoiled, 0, 1400);
  scene.send(spoiled);
  t.equal(got(one).length, Math.ceil(60_000 / 1400), 'the size is the sender’s to choose');
});

t.test('what the interface does not take is dropped and counted, and its guests stay', async (t) => {
  const scene = new Scene(t);
  const one = scene.guest(0, false, 9000);
  const failed = () => scene.drops['egress-failed'];
  const say = (bytes: Uint8Array) => {
    native.send(one, bytes, new Int32Array());
    scene.turn();
  };
  say(frame(broadcast, station(1), new Uint8Array(8000)));
  t.equal(failed(), 1, 'longer than its MTU');
  sh('ip link set near down');
  scene.turn();
  say(frame(broadcast, station(1)));
  t.equal(failed(), 2, 'down');
  sh('ip link set near up');
  scene.onWire();
  say(frame(broadcast, station(1)));
  t.equal(scene.onWire().length, 1, 'it goes on');
  scene.send(plain(frame(broadcast, station(5))));
  t.equal(got(one).length, 1);
  t.same(scene.ended, []);
  sh('ip link del near');
  say(frame(broadcast, station(1)));
  t.same(scene.ended, [wire], 'an interface that is gone ends the uplink');
});

t.test('who is known gets what is for it alone', async (t) => {
  const scene = new Scene(t);
  const [one, two] = [scene.guest(0), scene.guest(1)];
  native.send(one, frame(broadcast, station(1)), new Int32Array());
  scene.turn();
  got(two);
  for (let i = 0; i < 3; i += 1) scene.send(plain(frame(station(1), station(5))));
  t.equal(got(one).length, 3);
  scene.send(offloadedFrame({ ...plainPacket, ...long }, 1448));
  t.same([got(one).length, got(two).length], [42, 42], 'for an unknown one');
});
