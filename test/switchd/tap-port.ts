/** Taps as ports of the switch, on the real kernel: what guests leave undone, and how a guest's end is seen. */
import { readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import t, { type Test } from 'tap';
import { Keeper } from '../../src/broker/keeper.js';
import { FrameIo } from '../../src/kernel/frame-io.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { Poller } from '../../src/kernel/poller.js';
import { socketPair } from '../../src/kernel/seqpacket.js';
import { Switch, type SwitchPort } from '../../src/switch/switch.js';
import { DgramPort } from '../../src/switchd/guest-port.js';
import { Loop } from '../../src/switchd/loop.js';
import type { PortIo } from '../../src/switchd/port-io.js';
import { TapPort } from '../../src/switchd/tap-port.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { offloadedFrame, plainPacket, segmentsOf, wireFrame } from '../support/offload-frames.js';
import { temporaryFolder } from '../support/temporary.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const keeper = new Keeper(`${temporaryFolder(t)}/keeper`);
t.teardown(() => keeper.leave(true));
const longest = 1522;
const options: Omit<SwitchPort, 'maxFrame'> = {
  ...{ network: 0, uplink: false, isolated: false, locked: false, addresses: [] },
  ...{ maxAddresses: 100, floodRate: Number.POSITIVE_INFINITY },
};

t.test('a tap that has gone is no port, whoever was told of its end', async (t) => {
  const [theirs, ours] = (await keeper.openTap(1500, true))._unsafeUnwrap();
  t.teardown(() => ours.close());
  const poller = Poller.open()._unsafeUnwrap();
  const loop = new Loop(new Switch({ ports: 8, addresses: 64, ageing: 300 }), poller, { ended: () => {} });
  t.teardown(() => poller[Symbol.dispose]());
  const io = new FrameIo([{ slots: 1, room: 2048 }]);
  const plug = () => loop.plug(1, options, new TapPort(ours.fd, longest));
  t.ok(plug());
  loop.unplug(1);
  theirs.close();
  // The end is told this once
  await until(() => new TapPort(ours.fd, longest).receive(io, 0, 1) === -constants.errno.EPROTO);
  t.notOk(plug());
});

class Scene {
  readonly ended: number[] = [];
  readonly #poller = Poller.open()._unsafeUnwrap();
  readonly #loop = new Loop(new Switch({ ports: 8, addresses: 64, ageing: 300 }), this.#poller, {
    ended: (port) => this.ended.push(port),
  });

  constructor(private readonly t: Test) {
    t.teardown(() => this.#poller[Symbol.dispose]());
  }

  /** @returns the guest's end. */
  async tap(port: number, vnetHdr = true): Promise<OwnedFd> {
    const [theirs, ours] = (await keeper.openTap(1500, vnetHdr))._unsafeUnwrap();
    return this.#plug(port, theirs, ours, new TapPort(ours.fd, longest));
  }

  pair(port: number): OwnedFd {
    const [theirs, ours] = socketPair('seqpacket')._unsafeUnwrap();
    return this.#plug(port, theirs, ours, new DgramPort(ours.fd, longest));
  }

  turn(): void {
    this.#loop.turn(() => {}, false);
  }

  #plug(port: number, theirs: OwnedFd, ours: OwnedFd, io: PortIo): OwnedFd {
    this.t.ok(this.#loop.plug(port, options, io));
    this.t.teardown(() => {
      ours.close();
      if (theirs.open) theirs.close();
    });
    return theirs;
  }
}

/** Everything that waits, without its virtio-net header. */
function drain({ fd }: OwnedFd, header: number): Uint8Array[] {
  const poller = Poller.open()._unsafeUnwrap();
  poller.add(fd, 0, false)._unsafeUnwrap();
  const frames: Uint8Array[] = [];
  while (poller.wait(100) > 0) {
    const memory = new Uint8Array(70_000);
    frames.push(memory.subarray(header, readSync(fd, memory)));
  }
  poller[Symbol.dispose]();
  return frames;
}

const header = 10;
/** @param bytes with a virtio-net header, where the tap has them. */
const say = ({ fd }: OwnedFd, bytes: Uint8Array) => writeSync(fd, bytes);
const plainHeader = new Uint8Array(header);

t.test('frames between taps of both sorts and a pair, as they go on the wire', async (t) => {
  const scene = new Scene(t);
  const [one, bare, pair] = [await scene.tap(0), await scene.tap(1, false), scene.pair(2)];
  const hello = frame(broadcast, station(1));
  say(one, Uint8Array.of(...plainHeader, ...hello));
  scene.turn();
  t.same([drain(one, header), drain(bare, 0), drain(pair, 0)], [[], [hello], [hello]]);
  const answer = frame(station(1), station(2));
  say(bare, answer);
  scene.turn();
  t.same([drain(one, header), drain(bare, 0), drain(pair, 0)], [[answer], [], []]);
});

t.test('what a guest leaves undone is done for those who cannot, once and for each', async (t) => {
  for (const ip of [4, 6] as const) {
    const packet = { ...plainPacket, ip, payload: new Uint8Array(20_000).map((_, i) => i) };
    const scene = new Scene(t);
    // No guest is there that would tell the kernel of offloads, so to these taps too it sends finished frames
    const [one, other, bare, pair] = [await scene.tap(0), await scene.tap(1), await scene.tap(2, false), scene.pair(3)];
    for (const [said, meant] of [
      [offloadedFrame(packet, 1400), segmentsOf(packet, 1400)],
      [offloadedFrame(plainPacket), [wireFrame(plainPacket)]],
    ] as const) {
      say(one, said);
      scene.turn();
      t.same(drain(other, header), meant, `IPv${ip}, a tap with the header`);
      t.same(drain(bare, 0), meant, 'one without');
      t.same(drain(pair, 0), meant, 'a pair');
      t.same(drain(one, header), []);
    }
  }
});

t.test('a header that lies is no frame', async (t) => {
  const scene = new Scene(t);
  const [one, pair] = [await scene.tap(0), scene.pair(1)];
  const lie = offloadedFrame(plainPacket);
  // The checksum is said to be where the frame has ended
  new DataView(lie.buffer).setUint16(6, 600, true);
  try {
    say(one, lie);
  } catch (error) {
    t.match(error, { code: 'EINVAL' }, 'the kernel itself may say no');
  }
  say(one, Uint8Array.of(...plainHeader, ...frame(broadcast, station(1))));
  scene.turn();
  t.equal(drain(pair, 0).length, 1);
});

t.test('the guest’s end', async (t) => {
  const scene = new Scene(t);
  const [one, other] = [await scene.tap(0), await scene.tap(1)];
  scene.turn();
  t.same(scene.ended, [], 'a tap that is up is no end');
  other.close();
  await until(() => {
    scene.turn();
    return scene.ended.length > 0;
  });
  t.same(scene.ended, [1]);
  say(one, Uint8Array.of(...plainHeader, ...frame(broadcast, station(1))));
  scene.turn();
  t.same([...new Set(scene.ended)], [1], 'sending to it is no harm');
});

t.test('a guest that reads nothing', async (t) => {
  const scene = new Scene(t);
  const [one, other] = [await scene.tap(0), await scene.tap(1)];
  for (let i = 0; i < 3000; i += 1) {
    say(one, Uint8Array.of(...plainHeader, ...frame(broadcast, station(1))));
    if (i % 50 === 0) scene.turn();
  }
  scene.turn();
  t.same(scene.ended, []);
  const got = drain(other, header).length;
  t.ok(got >= 500 && got < 3000, `${got} of 3000 wait for it, the rest is dropped`);
});
