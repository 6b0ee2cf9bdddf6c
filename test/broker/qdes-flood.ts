/** A host that floods another with what is right and what is not: counters tell the truth, others are served, it stops when told. */
import t, { type Test } from 'tap';
import { byeType, frameType, helloType } from '../../src/switch/qdes/header.js';
import { Flood } from '../support/flood.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { Forger, heardBy, qdesMessage } from '../support/qdes-forger.js';
import { type QdesGuest, QdesHost, qdesConfig } from '../support/qdes-hosts.js';
import { portSeen, residentMemory, seenBy } from '../support/seen-ports.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const port = 7755;
const config = qdesConfig({
  lab: ['id = 1', 'group = 239.1.2.3'],
  // By the same socket, and by another
  near: ['id = 2', 'group = 239.1.2.3'],
  apart: ['id = 1', 'port = 7756', 'group = 239.1.2.3'],
});
const [one, two] = [await QdesHost.start(t, 1, config), await QdesHost.start(t, 2, config)];
const forger = new Forger(t, one);
const { socket } = one.daemon;
const payload = (text: string) => new Uint8Array(Buffer.from(text.padEnd(46)));
const asTwo = (body: Uint8Array) => forger.packet('192.0.2.2', port, port, body);
const frameOf = (body: Uint8Array, id = 1) => asTwo(qdesMessage({ type: frameType, id, body }));

/** A guest here and one there of each network. */
const pairs: Record<string, [QdesGuest, QdesGuest]> = {};
for (const network of ['lab', 'near', 'apart']) {
  const [a, b] = [await one.guest(network), await two.guest(network)];
  await heardBy(b, a, frame(broadcast, station(1), payload(network)));
  await heardBy(a, b, frame(station(1), station(3), payload(network)));
  pairs[network] = [a, b];
}
const beside = await one.guest('lab');
const [inLab] = pairs['lab'] as [QdesGuest, QdesGuest];
await heardBy(inLab, beside, frame(station(1), station(2), payload('beside')));

const wrong = [
  asTwo(new Uint8Array()),
  asTwo(Uint8Array.of(0x10)),
  asTwo(qdesMessage({ type: helloType, id: 1 })),
  asTwo(qdesMessage({ type: byeType, id: 1, body: new Uint8Array(1) })),
  asTwo(qdesMessage({ type: 9, id: 1 })),
];
const ofNobody = frameOf(frame(broadcast, station(8), payload('of a network that nobody has')), 999);
const short = frameOf(new Uint8Array(13));
const long = frameOf(new Uint8Array(1600).fill(2));
const toNobody = frameOf(frame(station(999), station(8), payload('to whoever')));
const toGuest = frameOf(frame(station(2), station(8), new Uint8Array(1000)));

t.test('each datagram is counted, once and for what it is', async (t) => {
  const before = await portSeen(socket, 'lab');
  const rounds = 40;
  for (let round = 0; round < rounds; round += 1) {
    t.equal(forger.send([...wrong, ofNobody, short, toNobody]), wrong.length + 3);
    const all = (round + 1) * (wrong.length + 1);
    await until(async () => {
      const { drops } = await portSeen(socket, 'lab');
      return (drops['bad-header'] ?? 0) + (drops['too-short'] ?? 0) >= all;
    });
  }
  await heardBy(beside, inLab, frame(station(2), station(1), payload('and beside')));
  const { drops, rxFrames, floods } = await portSeen(socket, 'lab');
  // Without a whole header it cannot be said whose they are: they are counted at the port that waits for all
  t.match(drops, { 'bad-header': rounds * wrong.length, 'too-short': rounds });
  t.equal(rxFrames - before.rxFrames, rounds * (wrong.length + 2), 'what is of no network here is of no port');
  t.equal(floods - before.floods, rounds);
  t.same((await portSeen(socket, 'near')).drops, {});
});

async function served(t: Test, flooded: string): Promise<void> {
  for (const [network, [a, b]] of Object.entries(pairs)) {
    for (let i = 0; i < 3; i += 1) {
      await heardBy(b, a, frame(station(3), station(1), payload(`${network} to two, ${flooded} ${i}`)));
      await heardBy(a, b, frame(station(1), station(3), payload(`${network} from two, ${flooded} ${i}`)));
    }
    t.pass(`${network} is served`);
  }
  await heardBy(inLab, beside, frame(station(1), station(2), payload(`beside, ${flooded}`)));
}

for (const [title, packets] of Object.entries({
  wrong: [...wrong, short, ofNobody],
  'to all': [toNobody, frameOf(frame(broadcast, station(8), payload('to all')))],
  'to one guest': [toGuest],
  mixed: [...wrong, ofNobody, short, long, toNobody, toGuest],
})) {
  t.test(`a flood: ${title}`, async (t) => {
    const { pid } = (await seenBy(socket)).switch;
    const memory = residentMemory(pid);
    const flood = await Flood.start(t, 'wire1', packets);
    await served(t, title);
    await served(t, `${title}, still`);
    await flood.stop();
    const now = residentMemory(pid);
    t.ok(now < memory + 48, `${Math.round(memory)} MiB before, and ${Math.round(now)} after`);
  });
}

t.test('it stops when it is told to, and another is served', async (t) => {
  const flood = await Flood.start(t, 'wire1', [...wrong, toNobody, toGuest]);
  const { pid } = (await seenBy(socket)).switch;
  process.kill(pid, 'SIGTERM');
  await until(async () => (await seenBy(socket)).switch.pid !== pid);
  await served(t, 'by another');
  await flood.stop();
});
