/** Threads as they start, are lost, hang, die, and stop; test/switchd/many-threads.ts has them at work. */
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { socketPair } from '../../src/kernel/seqpacket.js';
import type { PlugOrder } from '../../src/protocol/switch-order.js';
import { Ports } from '../../src/switchd/ports.js';
import { Threads } from '../../src/switchd/threads.js';
import { withFdsLeft } from '../support/descriptors.js';
import { oddly } from '../support/odd-worker.js';
import { until } from '../support/until.js';

const odd = new URL('../support/odd-worker.js', import.meta.url);
const room = { ports: 16, addresses: 100, ageing: 300 };
const usual = { realtime: { lockMemory: false }, busyPoll: 0 };

function scene(t: Test, most: number, program?: URL, processors?: readonly number[]) {
  const log: string[] = [];
  const manner = processors === undefined ? usual : { ...usual, realtime: { lockMemory: false, processors } };
  const threads: Threads = new Threads(
    most,
    room,
    manner,
    {
      told: (what) => {
        log.push(`${what.tag} ${what.port}`);
        ports.told(what);
      },
      lost: (thread, message) => {
        log.push(`lost ${thread}: ${message}`);
        ports.lost(thread);
      },
      failed: ({ message }) => log.push(`failed: ${message}`),
      hung: (thread) => log.push(`hung ${thread}`),
    },
    program,
  );
  const ports: Ports = new Ports(threads, {
    ended: (port) => log.push(`end of ${port}`),
    refused: (port, message) => log.push(`refused ${port}: ${message}`),
    noticed: ({ port }, reason) => log.push(`noticed ${port}: ${reason}`),
  });
  const plug = (port: number, network: number) => {
    const [ours, theirs] = socketPair('seqpacket')._unsafeUnwrap();
    t.teardown(() => theirs.close());
    const order: PlugOrder = {
      ...{ port, network, kind: 'dgram', uplink: false, isolated: false, locked: false },
      ...{ maxAddresses: 1, maxFrame: 1518, addresses: [], label: '' },
    };
    ports.plug(order, [ours]);
  };
  t.teardown(() => threads.stop(60_000));
  return { threads, ports, log, plug };
}

t.test('they start as they are needed, and stop', async (t) => {
  const { threads, ports, log, plug } = scene(t, 3);
  t.same([threads.most, threads.running], [3, 1]);
  plug(0, 0);
  plug(1, 0);
  t.equal(threads.running, 1);
  plug(2, 1);
  t.equal(threads.running, 2);
  t.same(
    [...ports].map(({ order, thread }) => [order.port, thread]),
    [
      [0, 0],
      [1, 0],
      [2, 1],
    ],
  );
  const tables = await threads.tables();
  t.same([...tables.keys()], [0, 1]);
  t.not(tables.get(0)?.fdb, tables.get(1)?.fdb);
  for (const port of [0, 1, 2]) ports.unplug(port);
  await until(() => log.filter((line) => line.startsWith('end of')).length === 3);
  t.equal(threads.running, 2, 'what is there stays');
  t.equal(await threads.stop(60_000), true);
  plug(3, 5);
  t.same(
    log.filter((line) => /lost|failed|hung|refused/.test(line)),
    [],
  );
});

t.test('processors are dealt out, and what is wrong with any is told at the start', async (t) => {
  const { log } = scene(t, 2, undefined, [0, 4000]);
  await until(() => log.length > 0);
  t.match(log, [/^lost 0: sched_setaffinity: EINVAL/]);
});

t.test('another thread has the ports of one that cannot run', async (t) => {
  const { threads, log, plug } = scene(t, 3, odd, [0, 1, 2]);
  plug(0, 0);
  plug(1, 1);
  plug(2, 2);
  await until(() => log.filter((line) => line.startsWith('end of')).length === 3);
  t.match(
    log.filter((line) => line.startsWith('lost')),
    ['lost 1: not on processor 1'],
  );
  t.equal(threads.running, 2);
  plug(3, 3);
  plug(4, 4);
  await until(() => log.includes('end of 4'));
  t.equal(log.filter((line) => line.startsWith('lost')).length, 1, 'it is not tried again');
});

t.test('nor of one that cannot start', async (t) => {
  const { log, plug, threads } = scene(t, 2);
  plug(0, 0);
  await threads.tables();
  // The pair, and none for another thread
  withFdsLeft(2, () => plug(1, 1));
  t.match(log, [/^lost 1: eventfd: EMFILE/]);
  plug(2, 1);
  await threads.tables();
  t.notOk(log.some((line) => line.startsWith('refused')));
});

t.test('one that hangs is told, and does not keep others from stopping', async (t) => {
  const { threads, log } = scene(t, 1, odd);
  await threads.tables();
  threads.post(0, { tag: 'uncapture', id: oddly.hang });
  await until(() => log.includes('ended 4000'));
  for (const hangs of [false, true]) {
    threads.look();
    threads.look();
    t.equal(log.includes('hung 0'), hangs, hangs ? 'four looks' : 'it has some time');
  }
  t.equal(await threads.stop(20), false);
});

t.test('one that waits does not hang', async (t) => {
  const { threads, ports, log, plug } = scene(t, 1);
  plug(0, 0);
  ports.unplug(0);
  await until(() => log.includes('end of 0'));
  await threads.tables();
  // Its last turn may just be ending, which on a busy machine takes as long as four looks
  await until(() => {
    log.length = 0;
    for (let looks = 0; looks < 4; looks += 1) threads.look();
    return log.length === 0;
  });
  for (let looks = 0; looks < 100; looks += 1) {
    threads.look();
    await delay(1);
  }
  t.same(log, []);
});

t.test('one that dies is told', async (t) => {
  for (const [id, message] of [
    [oddly.throw, 'failed: odd'],
    [oddly.leave, 'failed: a thread has ended by itself'],
  ] as const) {
    const { threads, log } = scene(t, 1, odd);
    await threads.tables();
    threads.post(0, { tag: 'uncapture', id });
    await until(() => log.length > 0);
    t.same(log, [message]);
    t.equal(await threads.stop(60_000), true);
  }
});
