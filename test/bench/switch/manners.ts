/** What each of the options for real time does to the slowest frames, of a switch that carries 100,000 others a second. */
import { spawnSync } from 'node:child_process';
import type { Results } from '../results.js';
import { median, percentile } from '../statistics.js';
import { load, measureLatency } from './load.js';
import { OurSwitch } from './sides.js';

const size = 64;
const frames = 2000;
const rounds = 5;

const manners: Readonly<Record<string, readonly string[]>> = {
  'as it comes': [],
  '--cpus 0': ['--cpus', '0'],
  '--busy-poll 100': ['--busy-poll', '100'],
  '--lock-memory': ['--lock-memory'],
  '--realtime 10': ['--realtime', '10'],
};

/** Limits that an option needs, as prlimit(1) has them. */
const limits: Readonly<Record<string, string>> = {
  '--lock-memory': '--memlock=unlimited',
  '--realtime 10': '--rtprio=10',
};

/** What root may do to the threads of a switch that cannot raise its limit, in place of its option. */
const outside: Readonly<Record<string, readonly string[]>> = {
  '--realtime 10': ['chrt', '--fifo', '--all-tasks', '--pid', '10'],
};

const works = ([program = '', ...args]: readonly string[]) => spawnSync(program, args).status === 0;

/** @returns undefined: it is not to be had here, in either way. */
async function startWith(name: string, options: readonly string[]): Promise<OurSwitch | undefined> {
  const limit = limits[name];
  if (limit === undefined || works(['prlimit', limit, 'true'])) return OurSwitch.start(4, 1, options);
  const command = outside[name];
  if (command === undefined) return undefined;
  const it = await OurSwitch.start(4);
  if (works([...command, String(it.pid)])) return it;
  await it[Symbol.asyncDispose]();
  return undefined;
}

export async function measureManners(results: Results): Promise<void> {
  results.section(
    `One frame of ${size} bytes, with 100,000 others/s, by option (${rounds} rounds of ${frames} frames)`,
  );
  const series: { name: string; it: OurSwitch; times: number[][] }[] = [];
  for (const [name, options] of Object.entries(manners)) {
    const it = await startWith(name, options);
    if (it !== undefined) series.push({ name, it, times: [] });
    else results.note(`${name} is not to be had: its limit cannot be raised here`);
  }
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const { it, times } of series) {
        await using _others = load(it, size);
        times.push(measureLatency(it, size, frames));
      }
    }
  } finally {
    for (const { it } of series) await it[Symbol.asyncDispose]();
  }
  results.heading(['p50, µs', 'p99, µs', 'p99.9, µs', 'p99.9, ratio']);
  const slowest = (round: readonly number[]) => percentile(round, 0.999);
  for (const { name, times } of series) {
    const column = (label: string, part: number) => ({
      ...{ column: label, unit: 'µs' },
      value: median(times.map((round) => percentile(round, part))),
    });
    // Of rounds that ran one after the other
    const ratios = times.map((round, i) => slowest(round) / slowest(series[0]?.times[i] ?? round));
    const effect = { column: 'p99.9 of as it comes', value: median(ratios), unit: '' };
    results.addRow(name, [column('p50', 0.5), column('p99', 0.99), column('p99.9', 0.999), effect]);
  }
}
