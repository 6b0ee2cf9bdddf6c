/** Memory of our switch, and the processor time that it takes when nothing happens. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { slabBytes } from '../../../src/switchd/slots.js';
import { residentMemory } from '../commands.js';
import type { Results } from '../results.js';
import { measureRate } from './load.js';
import { OurSwitch } from './sides.js';

const ports = 16;
/** Behind each of two ports. */
const addresses = 50_000;
const seconds = 10;
const tidying = 12_000;
/** MiB: of the process, and of each thread. */
const [ofProcess, ofThread, threads] = [64, 10, 1];

/** Nanoseconds of all threads. */
function used(pid: number): number {
  const times = readdirSync(`/proc/${pid}/task`).map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return times.reduce((sum, time) => sum + time, 0);
}

/** utime and stime, in ticks of 10 ms (proc(5)). */
function ticks(pid: number): number {
  const [utime, stime] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 13);
  return Number(utime) + Number(stime);
}

export async function measureFootprint(results: Results): Promise<void> {
  results.section('Memory and idleness of our switch');
  const slabs = slabBytes / 2 ** 20;
  const most = ofProcess + ofThread * threads + slabs;
  results.add('slabs for frames', slabs, 'MiB');
  await using it = await OurSwitch.start(ports);
  results.add(`resident, ${ports} ports`, residentMemory(it.pid), 'MiB', most);
  for (const size of [64, 1500]) measureRate(it, { size, ports, flows: 8, addresses: 1 }, 500);
  results.add('resident, after 8 flows of both sizes', residentMemory(it.pid), 'MiB', most);
  measureRate(it, { size: 64, ports: 2, flows: 1, addresses }, 2000);
  results.add(`resident, ${2 * addresses} addresses`, residentMemory(it.pid), 'MiB', most);
  // Node tidies its heap once, some seconds after the last work
  await delay(tidying);
  const [time, tick] = [used(it.pid), ticks(it.pid)];
  await delay(seconds * 1000);
  results.add(`processor time in ${seconds} s without a frame, by ticks`, ticks(it.pid) - tick, 'ticks', 0);
  results.add('  the same by its scheduler', (used(it.pid) - time) / 1000, 'µs');
}
