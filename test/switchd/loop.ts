/** The loop between real sockets, turn by turn. */
import t, { type Test } from 'tap';
import { ownFd } from '../../src/kernel/close.js';
import { native } from '../../src/kernel/native.js';
import { Poller } from '../../src/kernel/poller.js';
import { Switch, type SwitchPort } from '../../src/switch/switch.js';
import { DgramPort, StreamPort } from '../../src/switchd/guest-port.js';
import { Loop } from '../../src/switchd/loop.js';
import { broadcast, frame, station } from '../support/frames.js';

const options: SwitchPort = {
  ...{ network: 0, uplink: false, isolated: false, locked: false },
  ...{ maxAddresses: 100, maxFrame: 1518, floodRate: Number.POSITIVE_INFINITY, addresses: [] },
};

type Kind = 'dgram' | 'stream';

/** Guests on a switch; each is the other end of a port. */
class Scene {
  readonly it = new Switch({ ports: 64, addresses: 1024, ageing: 300 });
  readonly poller = Poller.open()._unsafeUnwrap();
  readonly ended: number[] = [];
  readonly loop = new Loop(this.it, this.poller, { ended: (port) => this.ended.push(port) });
  readonly #t: Test;

  constructor(t: Test) {
    this.#t = t;
    t.teardown(() => this.poller[Symbol.dispose]());
  }

  guest(port: number, kind: Kind, changes: Partial<SwitchPort> = {}): Guest {
    const ends = new Int32Array(2);
    native.socketPair(kind === 'dgram' ? 'seqpacket' : 'stream', ends);
    const [ours, theirs] = [ownFd(ends[0] as number), ownFd(ends[1] as number)];
    this.#t.teardown(() => {
      ours.close();
      theirs.close();
    });
    const all = { ...options, ...changes };
    const io = kind === 'dgram' ? new DgramPort(ours.fd, all.maxFrame) : new StreamPort(ours.fd, all.maxFrame);
    this.#t.ok(this.loop.plug(port, all, io));
    return new Guest(theirs.fd, kind, () => theirs.close());
  }

  /** Carries all that waits. @param others gets what is no port. */
  turn(others: number[] = []): void {
    this.loop.turn((id) => others.push(id), false);
  }
}

class Guest {
  constructor(
    readonly fd: number,
    readonly kind: Kind,
    readonly close: () => void,
  ) {}

  send(bytes: Uint8Array): void {
    const prefix = this.kind === 'stream' ? [0, 0, bytes.length >> 8, bytes.length & 0xff] : [];
    native.send(this.fd, Uint8Array.of(...prefix, ...bytes), new Int32Array());
  }

  /** One frame, or undefined. */
  receive(): Uint8Array | undefined {
    const bytes = new Uint8Array(70_000);
    const about = new Int32Array(255);
    if (this.kind === 'dgram') {
      const got = native.receive(this.fd, bytes, about);
      return got < 0 ? undefined : bytes.slice(0, got);
    }
    if (native.receive(this.fd, bytes.subarray(0, 4), about) !== 4) return undefined;
    const length = new DataView(bytes.buffer).getUint32(0);
    const got = native.receive(this.fd, bytes.subarray(0, length), about);
    return bytes.slice(0, got);
  }
}

t.test('frames between guests of both forms', async (t) => {
  const scene = new Scene(t);
  const guests = [scene.guest(0, 'dgram'), scene.guest(1, 'stream'), scene.guest(2, 'dgram')] as const;
  const elsewhere = scene.guest(3, 'dgram', { network: 1 });
  const hello = frame(broadcast, station(0), new Uint8Array(46).fill(7));
  guests[0].send(hello);
  scene.turn();
  t.same([guests[0].receive(), guests[1].receive(), guests[2].receive()], [undefined, hello, hello]);
  const answer = frame(station(0), station(1), new Uint8Array(700));
  guests[1].send(answer);
  scene.turn();
  t.same([guests[0].receive(), guests[1].receive(), guests[2].receive()], [answer, undefined, undefined]);
  t.equal(elsewhere.receive(), undefined, 'nothing crosses from one network to another');
  t.match(scene.it.counters.of(0), { rxFrames: 1, rxBytes: hello.length, txFrames: 1, txBytes: answer.length });
});

t.test('many ports and many frames keep their order', async (t) => {
  const scene = new Scene(t);
  const guests = Array.from({ length: 24 }, (_, i) => scene.guest(i, i % 2 === 0 ? 'dgram' : 'stream'));
  for (const [i, guest] of guests.entries()) guest.send(frame(broadcast, station(i)));
  scene.turn();
  scene.turn();
  for (const [i, guest] of guests.entries()) {
    const from = guests.map(() => guest.receive()?.[9 + 2]).filter((byte) => byte !== undefined);
    t.same(
      from.sort((a, b) => a - b),
      guests.map((_, k) => k).filter((k) => k !== i),
      `guest ${i} heard all others`,
    );
  }
  for (let k = 0; k < 90; k += 1) {
    for (const [i, guest] of guests.entries())
      guest.send(frame(station((i + 1) % 24), station(i), new Uint8Array(46).fill(k)));
    scene.turn();
    if (k % 30 !== 29) continue;
    scene.turn();
    for (const guest of guests) {
      const got = Array.from({ length: 30 }, () => guest.receive()?.[20]);
      t.same(
        got,
        Array.from({ length: 30 }, (_, n) => k - 29 + n),
      );
    }
  }
});

t.test('who does not read holds up nobody', async (t) => {
  const scene = new Scene(t);
  const [sender, lazy, other] = [scene.guest(0, 'dgram'), scene.guest(1, 'dgram'), scene.guest(2, 'dgram')];
  for (let i = 0; i < 2000; i += 1) {
    sender.send(frame(broadcast, station(0), new Uint8Array(1400)));
    scene.turn();
    if (other.receive()?.length !== 1414) t.fail(`frame ${i}`);
  }
  const { drops, txFrames } = scene.it.counters.of(1);
  t.ok(
    drops['egress-full'] > 1000 && txFrames + drops['egress-full'] === 2000,
    `${txFrames} and ${drops['egress-full']}`,
  );
  t.equal(scene.it.counters.of(2).txFrames, 2000);
  t.ok(lazy.receive());
});

t.test('an end is told once, after what was sent before it', async (t) => {
  for (const kind of ['dgram', 'stream'] as const) {
    const scene = new Scene(t);
    const [leaver, other] = [scene.guest(0, kind), scene.guest(1, 'dgram')];
    for (let i = 0; i < 70; i += 1) leaver.send(frame(broadcast, station(0), new Uint8Array(46).fill(i)));
    leaver.close();
    for (let i = 0; i < 5; i += 1) scene.turn();
    t.same(scene.ended, [0], kind);
    const got = Array.from({ length: 70 }, () => other.receive()?.[20]);
    t.same(
      got,
      Array.from({ length: 70 }, (_, i) => i),
    );
    other.send(frame(broadcast, station(1)));
    scene.turn();
    t.same(scene.ended, [0], 'also when there is something for it');
    t.match(scene.it.counters.of(0), { rxFrames: 70, drops: { 'too-short': 0 } });
    scene.loop.unplug(0);
    other.send(frame(broadcast, station(1)));
    scene.turn();
    t.notOk(scene.it.ports.has(0));
    scene.guest(0, kind).close();
    scene.turn();
    t.same(scene.ended, [0, 0], 'another of that number is told of too');
  }
});

t.test('a stream that is out of step is ended', async (t) => {
  const scene = new Scene(t);
  const guest = scene.guest(0, 'stream');
  native.send(guest.fd, Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 0), new Int32Array());
  scene.turn();
  t.same(scene.ended, [0]);
});

t.test('frames that are no frames', async (t) => {
  const scene = new Scene(t);
  const [guest, jumbo] = [scene.guest(0, 'dgram'), scene.guest(1, 'dgram', { maxFrame: 60_000 })];
  guest.send(new Uint8Array(13));
  guest.send(frame(broadcast, station(1), new Uint8Array(1505)));
  guest.send(frame(broadcast, station(1), new Uint8Array(3000)));
  guest.send(frame(broadcast, broadcast));
  scene.turn();
  const { drops } = scene.it.counters.of(0);
  t.match(drops, { 'too-short': 1, 'too-long': 2, 'bad-source': 1 });
  jumbo.send(frame(broadcast, station(2), new Uint8Array(50_000).fill(3)));
  scene.turn();
  t.equal(guest.receive()?.length, 50_014);
});

t.test('what cannot be a port is none', async (t) => {
  const scene = new Scene(t);
  t.notOk(scene.loop.plug(5, options, new DgramPort(9999, 1518)));
  t.notOk(scene.it.ports.has(5));
  scene.guest(0, 'dgram', { addresses: [station(1)] });
  const ends = new Int32Array(2);
  native.socketPair('seqpacket', ends);
  for (const fd of ends) t.teardown(() => native.close(fd));
  const twice = { ...options, addresses: [station(1)] };
  t.notOk(scene.loop.plug(1, twice, new DgramPort(ends[0] as number, 1518)), 'its address is another’s');
  t.notOk(scene.it.ports.has(1));
});

t.test('what is no port is the owner’s', async (t) => {
  const scene = new Scene(t);
  const ends = new Int32Array(2);
  native.socketPair('seqpacket', ends);
  for (const fd of ends) t.teardown(() => native.close(fd));
  scene.poller.add(ends[0] as number, 1000, false)._unsafeUnwrap();
  native.send(ends[1] as number, Uint8Array.of(1), new Int32Array());
  const others: number[] = [];
  scene.turn(others);
  t.same(others, [1000]);
});

t.test('a port that gets the number of one that has hung up in the same turn stays', async (t) => {
  const scene = new Scene(t);
  const ends = new Int32Array(2);
  native.socketPair('seqpacket', ends);
  const [ours, theirs] = [ownFd(ends[0] as number), ownFd(ends[1] as number)];
  t.teardown(() => {
    ours.close();
    theirs.close();
  });
  scene.poller.add(ours.fd, 1 << 20, true)._unsafeUnwrap();
  const before = scene.guest(1, 'dgram');
  native.send(theirs.fd, Uint8Array.of(1), new Int32Array());
  before.close();
  let now: Guest | undefined;
  scene.loop.turn((id) => {
    t.equal(id, 1 << 20);
    t.same(scene.ended, [1], 'what was told of the one before has been heard');
    scene.loop.unplug(1);
    now = scene.guest(1, 'dgram');
  }, false);
  t.same(scene.ended, [1], 'the one before, and not the new one');
  const other = scene.guest(2, 'dgram');
  other.send(frame(broadcast, station(2)));
  scene.turn();
  t.same(now?.receive(), frame(broadcast, station(2)));
});
