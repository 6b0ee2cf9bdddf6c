/** 1,000 grants in a row: whether the last costs more than the first, and what is left of them when they end. */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { BrokerProcess } from './broker-process.js';
import { built, openDescriptors, peerHelper, type Round, spawnHelpers, untilQuiet } from './commands.js';
import type { Results } from './results.js';
import { median } from './statistics.js';

const batches = 10;
const batchSize = 100;

/** What calls.c counts, in nanoseconds. */
interface Clock {
  /** Processor time of the broker's main thread outside system calls. */
  readonly own: number;
  readonly longestTurn: number;
}

function readClock(file: string): Clock {
  const bytes = readFileSync(file);
  const [all, inside, turn] = [0, 8, 16].map((offset) => Number(bytes.readBigInt64LE(offset)));
  return { own: (all as number) - (inside as number), longestTurn: turn as number };
}

function forgetLongestTurn(file: string): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.alloc(8), 0, 8, 16);
  closeSync(fd);
}

class Side {
  /** Median time of each batch, in milliseconds. */
  readonly times: number[] = [];
  readonly #held: Round[] = [];

  constructor(readonly helper: readonly string[]) {}

  async addBatch(): Promise<void> {
    const round = await spawnHelpers(batchSize, 1, this.helper);
    this.times.push(median(round.times));
    this.#held.push(round);
  }

  async release(): Promise<void> {
    for (const round of this.#held) await round.release();
  }
}

/** Of the batches at either end, because one batch alone varies by a quarter from run to run. */
const ended = 3;
const first = (values: readonly number[]) => median(values.slice(0, ended));
const last = (values: readonly number[]) => median(values.slice(-ended));
const difference = (values: readonly number[]) => last(values) - first(values);

export async function measureManyGrants(results: Results, folder: string): Promise<void> {
  const file = `${folder}/calls`;
  writeFileSync(file, Buffer.alloc(24));
  const environment = { LD_PRELOAD: built('bench-calls.so'), BENCH_CALLS: file };
  await using broker = await BrokerProcess.start(folder, 100, { environment });
  const ownTime = async () => {
    await untilQuiet(broker.pid);
    return readClock(file).own / 1000;
  };
  const warmUp = await spawnHelpers(batchSize, 1, broker.helper);
  await warmUp.release();
  await untilQuiet(broker.pid);
  forgetLongestTurn(file);
  const descriptors = openDescriptors(broker.pid);

  const ours = new Side(broker.helper);
  const peer = peerHelper('br1');
  const theirs = peer === undefined ? undefined : new Side(peer);
  /** Microseconds of the broker for a request of each batch. */
  const own: number[] = [];
  // In turn, so that whatever else the machine does hits both.
  for (let batch = 0; batch < batches; batch++) {
    const before = await ownTime();
    await ours.addBatch();
    own.push(((await ownTime()) - before) / batchSize);
    await theirs?.addBatch();
  }
  const { longestTurn } = readClock(file);
  await theirs?.release();
  await ours.release();
  await untilQuiet(broker.pid);
  const left = openDescriptors(broker.pid) - descriptors;

  results.section(`${batches * batchSize} grants in a row, the first ${ended * batchSize} against the last`);
  results.add('broker outside system calls, of the first', first(own), 'µs');
  results.add('broker outside system calls, of the last', last(own), 'µs');
  results.add('ratio of the last to the first', last(own) / first(own), '', 1.2);
  results.add('time to a descriptor, of the first', first(ours.times), 'ms');
  results.add('time to a descriptor, of the last', last(ours.times), 'ms');
  if (theirs !== undefined) {
    results.add('qemu-bridge-helper grows by', difference(theirs.times), 'ms');
    results.add('fdbroker-helper grows by', difference(ours.times), 'ms', difference(theirs.times));
  }
  results.add('longest turn of the event loop', longestTurn / 1e6, 'ms', 20);
  results.add('descriptors left in the broker', left, '', 0);
}
