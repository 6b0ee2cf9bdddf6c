/** Random topologies and frames: the switch does what the reference does, frame by frame. */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { dropCode, dropReasons } from '../../src/switch/drop-reason.js';
import { everyPeer, Switch, type SwitchPort } from '../../src/switch/switch.js';
import { broadcast, frame, macBytes, station, tagged } from '../support/frames.js';
import { randomNumbers } from '../support/random.js';
import { type Outcome, ReferenceSwitch } from '../support/reference-switch.js';

const ageing = 300;

const plain: SwitchPort = {
  network: 0,
  uplink: false,
  isolated: false,
  locked: false,
  maxAddresses: 100,
  maxFrame: 1518,
  floodRate: Number.POSITIVE_INFINITY,
  addresses: [],
};

/** What became of a frame, told from the verdict and from what was counted. */
function outcome(it: Switch, ingress: number, bytes: Uint8Array, now: number): Outcome {
  const before = it.counters.of(ingress).drops;
  const count = it.pass(ingress, 0, bytes, 0, bytes.length, now);
  const after = it.counters.of(ingress).drops;
  const dropped = dropReasons.find((reason) => after[reason] !== before[reason]);
  return dropped === undefined ? sorted({ to: [...it.egress.subarray(0, count)] }) : { dropped };
}

const sorted = (it: Outcome) => ('to' in it ? { to: [...it.to].sort((a, b) => a - b) } : it);

/** A switch and the reference, which go the same random steps. */
class Pair {
  readonly it = new Switch({ ports: 24, addresses: 4096, ageing });
  readonly reference = new ReferenceSwitch(ageing);
  readonly up = new Set<number>();
  forwarded = 0;
  #now = 0;

  constructor(readonly random: (below: number) => number) {}

  /** @returns what the two say. */
  step(): [unknown, unknown] {
    const { random } = this;
    if (random(100) === 0) this.#wait(random(400));
    const port = random(24);
    if (!this.up.has(port)) return this.#add(port);
    return random(400) === 0 ? this.#remove(port) : this.#pass(port);
  }

  #wait(seconds: number): void {
    this.#now += seconds;
    this.it.sweep(this.it.fdb.slots, this.#now);
    this.reference.age(this.#now);
  }

  #add(port: number): [unknown, unknown] {
    const { random } = this;
    const locked = random(4) === 0;
    const options: SwitchPort = {
      ...{ ...plain, network: random(3), uplink: random(6) === 0, isolated: random(4) === 0, locked },
      untagged: random(4) === 0,
      ...{ maxAddresses: random(8) + 1, addresses: locked ? [station(100 + random(12))] : [] },
    };
    const added = this.it.add(port, options, this.#now);
    if (added) this.up.add(port);
    return [added, this.reference.add(port, options, this.#now)];
  }

  #remove(port: number): [unknown, unknown] {
    this.it.remove(port);
    this.reference.remove(port);
    this.up.delete(port);
    return [this.it.ports.has(port), false];
  }

  #pass(port: number): [unknown, unknown] {
    const bytes = this.#frame();
    const wanted = sorted(this.reference.pass(port, bytes, this.#now));
    const found = outcome(this.it, port, bytes, this.#now);
    if ('to' in found && found.to.length > 0) this.forwarded += 1;
    return [found, wanted];
  }

  #frame(): Uint8Array {
    const { random } = this;
    const odd = [broadcast, macBytes('01:80:c2:00:00:0e'), new Uint8Array(6)];
    const address = () => odd[random(60)] ?? station(random(5) === 0 ? 100 + random(12) : random(40));
    const untagged = frame(address(), address(), new Uint8Array(random(30) === 0 ? 1505 : 46));
    const whole = random(10) === 0 ? tagged(random(3), untagged) : untagged;
    return random(50) === 0 ? whole.subarray(0, random(20)) : whole;
  }
}

for (const seed of [1, 20_261, 0x5eed]) {
  t.test(`20,000 random steps, seed ${seed}`, async (t) => {
    const pair = new Pair(randomNumbers(seed));
    for (let step = 0; step < 20_000; step += 1) {
      const [found, wanted] = pair.step();
      if (!isDeepStrictEqual(found, wanted)) t.same(found, wanted, `step ${step}`);
    }
    t.ok(pair.forwarded > 5000, `${pair.forwarded} frames went somewhere`);
  });
}

t.test('a peer of an uplink is learned with the address, and told with the verdict', async (t) => {
  const it = new Switch({ ports: 2, addresses: 16, ageing });
  it.add(0, plain, 0);
  it.add(1, { ...plain, uplink: true }, 0);
  const hello = frame(broadcast, station(7));
  t.equal(it.pass(1, 5, hello, 0, hello.length, 0), 1);
  t.equal(it.peer, everyPeer);
  const answer = frame(station(7), station(1));
  t.equal(it.pass(0, 0, answer, 0, answer.length, 0), 1);
  t.same([it.egress[0], it.peer], [1, 5]);
  it.pass(1, 6, hello, 0, hello.length, 1);
  it.pass(0, 0, answer, 0, answer.length, 1);
  t.equal(it.peer, 6, 'it came up behind another');
});

t.test('a frame that is refused before it is looked at is counted', async (t) => {
  const it = new Switch({ ports: 2, addresses: 16, ageing });
  it.add(0, plain, 0);
  it.refuse(0, 700, dropCode['bad-offload']);
  t.match(it.counters.of(0), { rxFrames: 1, rxBytes: 700, drops: { 'bad-offload': 1 } });
});

t.test('floods of a port are limited, its unicast is not', async (t) => {
  const it = new Switch({ ports: 2, addresses: 16, ageing });
  it.add(0, { ...plain, floodRate: 3 }, 0);
  it.add(1, plain, 0);
  const all = frame(broadcast, station(1));
  const seen = [1, 2, 3, 4].map(() => it.pass(0, 0, all, 0, all.length, 0));
  t.same(seen, [1, 1, 1, 0]);
  t.equal(it.counters.of(0).drops['flood-limit'], 1);
  const answer = frame(station(1), station(2));
  it.pass(1, 0, answer, 0, answer.length, 0);
  const known = frame(station(2), station(1));
  t.equal(it.pass(0, 0, known, 0, known.length, 0), 1);
  t.equal(it.pass(0, 0, all, 0, all.length, 1), 1, 'a second later there is more');
});

t.test('what is foreseen changes nothing, whatever lies there', async (t) => {
  const random = randomNumbers(3);
  const it = new Switch({ ports: 2, addresses: 4096, ageing });
  it.add(0, { ...plain, maxAddresses: 4096 }, 0);
  it.add(1, plain, 0);
  for (let i = 0; i < 1000; i += 1) it.pass(0, 0, frame(broadcast, station(i)), 0, 60, 0);
  const [slots, counts] = [it.fdb.memory.slots.slice(), it.counters.of(0)];
  const bytes = Uint8Array.from({ length: 4096 }, () => random(256));
  bytes.set(frame(station(1), station(2)), 64);
  const seen = new Set<number>();
  for (let round = 0; round < 100; round += 1) {
    it.foresee(0, { bytesOf: () => bytes, start: Int32Array.of(64, random(4000), random(4000)) }, 0, 1 + random(3));
    seen.add(it.foreseen);
  }
  t.ok(seen.size > 1, 'it has looked');
  t.same(it.fdb.memory.slots, slots);
  t.same(it.counters.of(0), counts);
  t.equal(it.fdb.size, 1000);
});

t.test('a table that is full forwards all the same', async (t) => {
  const it = new Switch({ ports: 2, addresses: 4, ageing });
  it.add(0, { ...plain, maxAddresses: 100_000 }, 0);
  it.add(1, plain, 0);
  for (let i = 0; i < 1000; i += 1) {
    const bytes = frame(broadcast, station(i));
    if (it.pass(0, 0, bytes, 0, bytes.length, 0) !== 1) t.fail(`frame ${i}`);
  }
  t.equal(it.fdb.size, 4);
  t.equal(it.counters.of(0).notLearned, 996);
  it.sweep(it.fdb.slots, ageing + 1);
  t.equal(it.fdb.size, 0, 'all have aged');
});
