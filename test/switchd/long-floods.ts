/**
 * Long frames for all, which become many where they are finished: by real sockets, with virtio-net headers as taps have them.
 * One such for a thousand guests is a million frames.
 */
import t, { type Test } from 'tap';
import { ownFd } from '../../src/kernel/close.js';
import type { FrameIo } from '../../src/kernel/frame-io.js';
import { native } from '../../src/kernel/native.js';
import { Poller } from '../../src/kernel/poller.js';
import { vnetHeaderLength } from '../../src/switch/offload/vnet-header.js';
import { Switch, type SwitchPort } from '../../src/switch/switch.js';
import { DgramPort } from '../../src/switchd/guest-port.js';
import { Loop } from '../../src/switchd/loop.js';
import type { PortIo } from '../../src/switchd/port-io.js';
import { Pulse } from '../../src/switchd/pulse.js';
import { acceptWithHeader } from '../../src/switchd/vnet.js';
import { broadcast } from '../support/frames.js';
import { offloadedFrame, plainPacket } from '../support/offload-frames.js';

const options: Omit<SwitchPort, 'maxFrame'> = {
  ...{ network: 0, uplink: false, isolated: false, locked: false },
  ...{ maxAddresses: 100, floodRate: Number.POSITIVE_INFINITY, addresses: [] },
};
const segments = 30;

/** Sends what is not finished, and has the watchdog of a thread look at it in the middle of a turn. */
class LongPort implements PortIo {
  readonly edge = false;
  readonly offloads = true;
  readonly maxFrame = 66_000;
  readonly looks: number[] = [];

  constructor(
    readonly fd: number,
    private readonly pulse: Pulse,
  ) {}

  receive(io: FrameIo, first: number, count: number): number {
    this.looks.push(this.pulse.look());
    return io.receive(this.fd, first, count, vnetHeaderLength, 0);
  }

  accept(io: FrameIo, slot: number): number {
    return acceptWithHeader(io, slot, 1518, 0);
  }

  send({ sent }: FrameIo, _slots: Int32Array, _peers: Int32Array, count: number): void {
    Object.assign(sent, { sent: count, failed: 0, large: 0, full: 0, broken: false });
  }
}

function scene(t: Test) {
  const pulse = new Pulse();
  const poller = Poller.open(pulse.memory)._unsafeUnwrap();
  t.teardown(() => poller[Symbol.dispose]());
  const it = new Switch({ ports: 64, addresses: 1024, ageing: 300 });
  const loop = new Loop(it, poller, { ended: () => {} });
  const sockets = () => {
    const ends = new Int32Array(2);
    native.socketPair('seqpacket', ends);
    const [ours, theirs] = [ownFd(ends[0] as number), ownFd(ends[1] as number)];
    t.teardown(() => {
      ours.close();
      theirs.close();
    });
    return [ours.fd, theirs.fd] as const;
  };
  return { it, loop, pulse, sockets };
}

const long = offloadedFrame({ ...plainPacket, payload: new Uint8Array(segments * 100) }, 100);
long.set(broadcast, vnetHeaderLength);

t.test('the limit of what goes to all counts what it becomes', async (t) => {
  const { it, loop, pulse, sockets } = scene(t);
  const [ours, theirs] = sockets();
  t.ok(loop.plug(0, { ...options, floodRate: segments * 3 + 5 }, new LongPort(ours, pulse)));
  const [other, guest] = sockets();
  t.ok(loop.plug(1, options, new DgramPort(other, 1518)));
  // A second, in which the limit comes back, has long not passed
  for (let i = 0; i < 5; i += 1) native.send(theirs, long, new Int32Array());
  loop.turn(() => {}, false);
  t.match(it.counters.of(0), { rxFrames: 5, floods: 3, drops: { 'flood-limit': 2 } });
  t.equal(it.counters.of(1).txFrames, 3 * segments);
  t.equal(native.receive(guest, new Uint8Array(2000), new Int32Array(255)), 166);
});

t.test('who sends what others are to cut into very many has few taken at once', async (t) => {
  const { it, loop, pulse, sockets } = scene(t);
  const [ours, theirs] = sockets();
  t.ok(loop.plug(0, options, new LongPort(ours, pulse)));
  const many = offloadedFrame({ ...plainPacket, payload: new Uint8Array(1000) }, 1);
  const [other] = sockets();
  t.ok(
    loop.plug(
      1,
      { ...options, addresses: [many.slice(vnetHeaderLength, vnetHeaderLength + 6)] },
      new DgramPort(other, 1518),
    ),
  );
  for (let i = 0; i < 20; i += 1) native.send(theirs, many, new Int32Array());
  loop.turn(() => {}, false);
  t.equal(it.counters.of(0).rxFrames, 20);
  for (let i = 0; i < 9; i += 1) native.send(theirs, many, new Int32Array());
  const seen = [1, 2, 3].map(() => {
    loop.turn(() => {}, false);
    return it.counters.of(0).rxFrames;
  });
  t.same(seen, [24, 28, 29]);
});

t.test('who takes long for a turn is seen to go on', async (t) => {
  const { loop, pulse, sockets } = scene(t);
  const ports = Array.from({ length: 12 }, (_, number) => {
    const [ours, theirs] = sockets();
    const port = new LongPort(ours, pulse);
    t.ok(loop.plug(number, options, port));
    for (let i = 0; i < 64; i += 1) native.send(theirs, long, new Int32Array());
    return port;
  });
  loop.turn(() => {}, false);
  const looks = ports.flatMap((one) => one.looks);
  t.equal(looks.length, ports.length, 'all in one turn');
  t.ok(Math.max(...looks) <= 2, `${looks}: where nothing moves there is one more with each look`);
});
