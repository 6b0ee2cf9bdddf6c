/** The processor time that our switch takes when no frame comes. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Results } from '../results.js';
import { startCrowd } from './qdes-crowd.js';
import { OurSwitch } from './sides.js';

const guests = 1000;
const networks = 1000;
const seconds = 10;
/** Milliseconds: Node tidies its heap once, some seconds after the last work. */
const tidying = 12_000;
/** Of a processor, of a switch that tells as many networks of another host every five seconds that it is there. */
const busiest = 1;

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

interface Idle {
  readonly ticks: number;
  readonly microseconds: number;
}

/** What switches take in ten seconds, after they have come to rest. */
export async function rest(switches: readonly OurSwitch[]): Promise<readonly Idle[]> {
  await delay(tidying);
  const before = switches.map(({ pid }) => ({ ticks: ticks(pid), used: used(pid) }));
  await delay(seconds * 1000);
  return switches.map(({ pid }, i) => ({
    ticks: ticks(pid) - (before[i]?.ticks ?? 0),
    microseconds: (used(pid) - (before[i]?.used ?? 0)) / 1000,
  }));
}

export function tellIdle(results: Results, name: string, idle: Idle): void {
  results.add(`${name}, by ticks`, idle.ticks, 'ticks', 0);
  results.add('  the same by its scheduler', idle.microseconds, 'µs');
}

export async function measureIdle(results: Results): Promise<void> {
  results.section(`Processor time of our switch in ${seconds} s without a frame`);
  await using plain = await OurSwitch.start(guests);
  await using one = await startCrowd(guests, 1);
  await using many = await startCrowd(guests, networks);
  const [ofPlain, ofOne, ofMany] = await rest([plain, one.near, many.near]);
  if (ofPlain === undefined || ofOne === undefined || ofMany === undefined) return;
  tellIdle(results, `${guests} guests`, ofPlain);
  tellIdle(results, `${guests} guests, and QDES with a host that answers`, ofOne);
  const share = ofMany.microseconds / (seconds * 10_000);
  results.add(`${networks} networks of QDES, each with a host that answers`, share, '%', busiest);
}
