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

/** Whether this process could raise the limit; else the switch would not start. */
function mayHave(name: string): boolean {
  const limit = limits[name];
  return limit === undefined || spawnSync('prlimit', [limit, 'true']).status === 0;
}

export async function measureManners(results: Results): Promise<void> {
  results.section(
    `One frame of ${size} bytes, with 100,000 others/s, by option (${rounds} rounds of ${frames} frames)`,
  );
  const series: { name: string; it: OurSwitch; times: number[][] }[] = [];
  for (const [name, options] of Object.entries(manners)) {
    if (mayHave(name)) series.push({ name, it: await OurSwitch.start(4, 1, options), times: [] });
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
