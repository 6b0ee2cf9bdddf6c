/** The switch as a process of three threads: what is apart, what comes and goes, what is told, and that it stops. */
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { openPipe } from '../../src/kernel/pipe.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import type { InspectOrder } from '../../src/protocol/inspect-order.js';
import { BlockReader, blockTypes } from '../../src/protocol/pcapng.js';
import type { Order } from '../../src/protocol/switch-order.js';
import { slabBytes } from '../../src/switchd/slots.js';
import { broadcast, frame, station } from '../support/frames.js';
import { type BrokerEnd, guestEnd, SwitchProcess } from '../support/switch-process.js';

const networks = [0, 1, 2] as const;

interface Stage {
  readonly it: SwitchProcess;
  readonly broker: BrokerEnd;
  /** Two ends of each network: ports 2n and 2n + 1. */
  readonly ends: readonly OwnedFd[];
}

function plug(t: Test, broker: BrokerEnd, port: number, network: number): OwnedFd {
  const order: Order = {
    ...{ order: 'plug', port, network, kind: 'dgram', uplink: false, isolated: false, locked: false },
    ...{ maxAddresses: 100, maxFrame: 1518, addresses: [], label: `net${network}` },
  };
  return guestEnd(t, 'seqpacket', (ours) => broker.order(order, [ours]));
}

/** Ports 2n and 2n + 1 of network n; the second, which hears, is a port before the first speaks. */
function pair(t: Test, broker: BrokerEnd, network: number): [OwnedFd, OwnedFd] {
  const [hears, speaks] = [1, 0].map((end) => plug(t, broker, 2 * network + end, network)) as [OwnedFd, OwnedFd];
  return [speaks, hears];
}

function stage(t: Test, ...options: string[]): Stage {
  const it = new SwitchProcess(t, [], ['--threads', '3', ...options]);
  const broker = it.connect(t);
  const ends = networks.flatMap((network) => pair(t, broker, network));
  return { it, broker, ends };
}

/** The next frame. */
async function frameAt(fd: OwnedFd): Promise<Uint8Array> {
  for (;;) {
    const received = receive(fd.fd, 0)._unsafeUnwrap();
    if (received.tag === 'message') return received.bytes;
    if (received.tag === 'end') throw new Error('the switch has closed the port');
    await delay(1);
  }
}

async function talks(from: OwnedFd, to: OwnedFd, number: number): Promise<void> {
  const said = frame(broadcast, station(number));
  send(from.fd, said, [])._unsafeUnwrap();
  while (Buffer.compare(await frameAt(to), said) !== 0);
}

/** All that the switch writes for an order. @param meanwhile called again and again until it has. */
async function shown(broker: BrokerEnd, order: InspectOrder, meanwhile: () => unknown = () => {}): Promise<Buffer> {
  const { reader, writer } = openPipe()._unsafeUnwrap();
  broker.order(order, [writer]);
  writer.close();
  let done = false;
  const bytes = buffer(createReadStream('', { fd: reader.fd, autoClose: false })).finally(() => {
    done = true;
    reader.close();
  });
  while (!done) {
    meanwhile();
    await delay(1);
  }
  return bytes;
}

async function report(broker: BrokerEnd) {
  const text = (await shown(broker, { order: 'report', account: 0, ports: 'all', addresses: true })).toString();
  const lines: Record<string, unknown>[] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const of = (tell: string) => lines.filter((line) => line['tell'] === tell);
  return { facts: of('switch')[0], networks: of('network'), ports: of('port'), addresses: of('address') };
}

const tasks = ({ child }: SwitchProcess) => readdirSync(`/proc/${child.pid}/task`).length;

const say = (end: OwnedFd, number: number) => send(end.fd, frame(broadcast, station(number)), []).unwrapOr(undefined);

t.test('threads start as networks come, and nobody hears another network', async (t) => {
  const it = new SwitchProcess(t, [], ['--threads', '3']);
  const broker = it.connect(t);
  const [one, other] = pair(t, broker, 0);
  await talks(one, other, 1);
  const before = tasks(it);
  for (const network of [1, 2]) {
    await talks(...pair(t, broker, network), 10 * network);
    t.equal(tasks(it), before + network);
  }
  await talks(one, other, 2);
  for (const end of [one, other]) t.same(receive(end.fd, 0)._unsafeUnwrap(), { tag: 'nothing' });
});

t.test('reports are of all threads', async (t) => {
  const { broker, ends } = stage(t);
  for (const network of networks) {
    await talks(ends[2 * network] as OwnedFd, ends[2 * network + 1] as OwnedFd, 10 * network);
  }
  const { facts, networks: listed, ports, addresses } = await report(broker);
  t.match(facts, { threads: 3, mostThreads: 3, slabs: 3 * slabBytes, ports: 6, addresses: 3, mostAddresses: 3 << 17 });
  t.same(
    listed.map(({ network, thread, addresses }) => [network, thread, addresses]),
    [
      ['net0', 0, 1],
      ['net1', 1, 1],
      ['net2', 2, 1],
    ],
  );
  const byNumber = ports.toSorted((one, other) => Number(one['port']) - Number(other['port']));
  t.same(
    byNumber.map(({ port, rxFrames, txFrames }) => [port, rxFrames, txFrames]),
    [0, 1, 2, 3, 4, 5].map((port) => [port, port % 2 === 0 ? 1 : 0, port % 2]),
  );
  t.same(
    addresses.map(({ address, network, port }) => [address, network, port]),
    networks.map((network) => [
      `02:00:00:00:00:${(10 * network).toString(16).padStart(2, '0')}`,
      `net${network}`,
      2 * network,
    ]),
  );
  for (const { age } of addresses) t.ok(Number(age) >= 0 && Number(age) < 300, 'by the clock of its thread');
});

t.test('captures are of the thread that has the network', async (t) => {
  const { it, broker, ends } = stage(t);
  for (const network of networks) {
    const bounds = { frames: 20, bytes: 1e6, seconds: 60 };
    const bytes = await shown(broker, { order: 'capture', account: 0, network, ...bounds }, () => {
      for (const each of networks) say(ends[2 * each] as OwnedFd, 10 * each);
      for (const end of ends) while (receive(end.fd, 0)._unsafeUnwrap().tag === 'message');
    });
    const packets = (new BlockReader().push(bytes) ?? []).filter(
      (block) => block.readUInt32LE(0) === blockTypes.packet,
    );
    t.equal(packets.length, 20);
    const said = Buffer.from(frame(broadcast, station(10 * network)));
    t.ok(packets.every((block) => block.includes(said)));
  }
  t.equal(it.stderr, '');
});

t.test('ports come and go while frames of other networks flow', async (t) => {
  const { broker, ends } = stage(t);
  const [one, other] = ends as [OwnedFd, OwnedFd];
  let sent = 0;
  let heard = 0;
  for (let round = 0; round < 30; round += 1) {
    const network = 1 + (round % 2);
    const guest = plug(t, broker, 6, network);
    const neighbour = ends[2 * network] as OwnedFd;
    for (let i = 0; i < 20; i += 1, sent += 1) say(one, 1);
    await talks(guest, neighbour, 100 + round);
    if (round % 3 === 0) guest.close();
    else broker.order({ order: 'unplug', port: 6 });
    t.same((await broker.event()).event, { event: 'ended', port: 6 });
    for (; heard < sent; heard += 1) await frameAt(other);
  }
  t.same(receive(other.fd, 0)._unsafeUnwrap(), { tag: 'nothing' }, 'none more than was sent');
  t.equal((await report(broker)).facts?.['threads'], 3, 'a network that comes again needs no thread more');
});

t.test('it stops when it is told to', async (t) => {
  for (const options of [[], ['--busy-poll', '1000000']]) {
    const { it, ends } = stage(t, ...options);
    const pump = () => {
      for (const end of ends) say(end, 1);
    };
    await talks(ends[4] as OwnedFd, ends[5] as OwnedFd, 1);
    pump();
    it.child.kill('SIGTERM');
    pump();
    t.equal(await it.ended, 0, it.stderr);
  }
});

t.test('each thread has its own of the processors that are given', async (t) => {
  const processors = readFileSync('/proc/self/status', 'utf8').match(/^Cpus_allowed_list:\t(.*)$/m)?.[1] ?? '';
  if (!/^0-[1-9]/.test(processors)) return void t.comment(`processors 0 and 1 are not to be had: ${processors}`);
  const it = new SwitchProcess(t, [], ['--cpus', '0,1']);
  const broker = it.connect(t);
  for (const network of [0, 1]) await talks(...pair(t, broker, network), 1);
  const lists = readdirSync(`/proc/${it.child.pid}/task`).map(
    (task) =>
      /^Cpus_allowed_list:\t(.*)$/m.exec(readFileSync(`/proc/${it.child.pid}/task/${task}/status`, 'utf8'))?.[1],
  );
  for (const processor of ['0', '1']) t.equal(lists.filter((list) => list === processor).length, 1);
  const nowhere = new SwitchProcess(t, [], ['--cpus', '0,1000']);
  t.equal(await nowhere.ended, 1, 'before anything needs the second');
  t.match(nowhere.stderr, /sched_setaffinity: EINVAL/);
});

t.test('what is no number of threads', async (t) => {
  for (const words of [['0'], ['1000'], ['two'], ['3', '--cpus', '0,1']]) {
    const it = new SwitchProcess(t, [], ['--threads', ...words]);
    t.equal(await it.ended, 2);
    t.match(it.stderr, /--threads/);
  }
});
