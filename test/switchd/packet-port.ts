/** The uplink to an interface, on a real veth whose far end sends frames as it likes: what guests get, and what the wire. */
import t from 'tap';
import { native } from '../../src/kernel/native.js';
import { setGsoSize } from '../../src/switch/offload/vnet-header.js';
import { broadcast, frame, station, tagged } from '../support/frames.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { offloadedFrame, type Packet, plainPacket, segmentsOf, wireFrame } from '../support/offload-frames.js';
import { until } from '../support/until.js';
import { got, gotByStream, plain, WireScene, wire } from '../support/wire-scene.js';

inPrivateNamespace();

const long: Partial<Packet> = { payload: Uint8Array.from({ length: 60_000 }, (_, i) => (i * i) >> 5) };

t.test('what the far end leaves to others is finished for guests of both forms, once', async (t) => {
  const scene = await WireScene.make(t);
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
    await scene.send(offloadedFrame(packet, size));
    const same = (frames: Buffer[]) => Buffer.concat(frames).equals(Buffer.concat(wanted)) && frames.length;
    t.equal(same(got(one)), wanted.length, name);
    t.equal(same(gotByStream(two)), wanted.length, `${name}, by a stream`);
  }
  t.match(scene.it.counters.of(0), { drops: { 'egress-full': 0 } });
});

t.test('what guests send goes out as it is, and tags stay both ways', async (t) => {
  const scene = await WireScene.make(t);
  const one = scene.guest(0);
  const frames = [
    frame(broadcast, station(1)),
    tagged(7, frame(broadcast, station(1), new Uint8Array(1500).fill(7))),
    tagged(9, tagged(0xe007, frame(broadcast, station(1)))),
    wireFrame({ ...plainPacket, tags: [3] }),
  ];
  for (const bytes of frames) native.send(one, bytes, new Int32Array());
  scene.turn();
  t.same(await scene.onWire(frames.length), frames.map(plain));
  for (const bytes of frames)
    await scene.send(plain(Buffer.concat([bytes.subarray(0, 6), station(5), bytes.subarray(12)])));
  t.same(
    got(one).map((bytes) => bytes.subarray(12).toString('hex')),
    frames.map((bytes) => Buffer.from(bytes.subarray(12)).toString('hex')),
  );
});

t.test('an access VLAN: its tag is on the wire, and guests neither get nor send one', async (t) => {
  const scene = await WireScene.make(t, 7);
  const [one, two] = [scene.guest(0), scene.guest(1)];
  const hello = frame(broadcast, station(5), new Uint8Array(100).fill(1));
  for (const bytes of [tagged(7, hello), tagged(0xe007, hello)]) await scene.send(plain(bytes));
  for (const other of [hello, tagged(8, hello), tagged(0, hello)]) await scene.send(plain(other));
  t.same(got(one), [Buffer.from(hello), Buffer.from(hello)]);
  got(two);
  t.match(scene.drops, { vlan: 3 });

  const packet = { ...plainPacket, ...long };
  await scene.send(offloadedFrame({ ...packet, tags: [7] }, 1448));
  t.ok(Buffer.concat(got(one)).equals(Buffer.concat(segmentsOf(packet, 1448))), 'segments too');
  got(two);

  native.send(one, frame(broadcast, station(1)), new Int32Array());
  scene.turn();
  t.same(got(two), [Buffer.from(frame(broadcast, station(1)))], 'the other guest gets it without a tag');
  t.same(await scene.onWire(1), [plain(tagged(7, frame(broadcast, station(1))))], 'the wire has the tag');
  for (const vlan of [0, 7, 8]) native.send(one, tagged(vlan, frame(broadcast, station(1))), new Int32Array());
  scene.turn();
  t.match(scene.it.counters.of(0), { drops: { vlan: 3 } });
  t.same(got(two), []);
});

t.test('the host’s own address is nobody else’s', async (t) => {
  const scene = await WireScene.make(t, undefined, [station(77)]);
  const one = scene.guest(0);
  await scene.send(plain(frame(station(77), station(5))));
  t.same(got(one), [], 'what comes for the host is not for guests');
  native.send(one, frame(broadcast, station(77)), new Int32Array());
  scene.turn();
  t.same(scene.readWire(), []);
  t.match(scene.it.counters.of(0), { drops: { spoofed: 1 } });
});

t.test('what cannot be finished is dropped and counted', async (t) => {
  const scene = await WireScene.make(t);
  const one = scene.guest(0);
  const packet = { ...plainPacket, ...long };
  await scene.send(offloadedFrame(packet, 40));
  t.match(scene.drops, { 'bad-offload': 1 }, 'too many segments');
  sh('ip link set near mtu 9000; ip link set far mtu 9000');
  await scene.send(offloadedFrame(packet, 1600));
  await scene.send(plain(frame(broadcast, station(5), new Uint8Array(1600))));
  await scene.send(plain(tagged(7, frame(broadcast, station(5), new Uint8Array(1505)))));
  t.match(scene.drops, { 'bad-offload': 1, 'too-long': 3 });
  t.same(got(one), []);
  const spoiled = offloadedFrame(packet, 1448);
  setGsoSize(spoiled, 0, 1400);
  await scene.send(spoiled);
  t.equal(got(one).length, Math.ceil(60_000 / 1400), 'the size is the sender’s to choose');
});

t.test('what the interface does not take is dropped and counted, and its guests stay', async (t) => {
  const scene = await WireScene.make(t);
  const one = scene.guest(0, false, 9000);
  const failed = () => scene.drops['egress-failed'];
  const say = (bytes: Uint8Array) => {
    native.send(one, bytes, new Int32Array());
    scene.turn();
  };
  say(frame(broadcast, station(1), new Uint8Array(8000)));
  t.same([failed(), scene.drops['egress-too-long']], [0, 1], 'longer than its MTU');
  sh('ip link set near down');
  scene.turn();
  say(frame(broadcast, station(1)));
  t.equal(failed(), 1, 'down');
  sh('ip link set near up');
  await until(() => {
    say(frame(broadcast, station(1)));
    return scene.readWire().length > 0;
  });
  // What is sent before the wire is known to be there again is lost
  await until(() => {
    scene.write(plain(frame(broadcast, station(5))));
    scene.turn();
    return got(one).length > 0;
  });
  t.same(scene.ended, []);
  sh('ip link del near');
  say(frame(broadcast, station(1)));
  t.same(scene.ended, [wire], 'an interface that is gone ends the uplink');
});

t.test('who is known gets what is for it alone', async (t) => {
  const scene = await WireScene.make(t);
  const [one, two] = [scene.guest(0), scene.guest(1)];
  native.send(one, frame(broadcast, station(1)), new Int32Array());
  scene.turn();
  got(two);
  for (let i = 0; i < 3; i += 1) await scene.send(plain(frame(station(1), station(5))));
  t.equal(got(one).length, 3);
  await scene.send(offloadedFrame({ ...plainPacket, ...long }, 1448));
  t.same([got(one).length, got(two).length], [42, 42], 'for an unknown one');
});

t.test('what the wire brings faster than it is taken is counted', async (t) => {
  const scene = await WireScene.make(t);
  const sent = 30_000;
  const bytes = plain(frame(broadcast, station(1), new Uint8Array(1000)));
  for (let i = 0; i < sent; i += 1) scene.write(bytes);
  const counted = () => scene.it.counters.of(wire).rxFrames + scene.drops['ingress-full'];
  await until(() => {
    scene.turn();
    return counted() >= sent;
  });
  t.equal(counted(), sent);
  t.ok(scene.drops['ingress-full'] > 1000, `${scene.drops['ingress-full']} had no room`);
});
