/** One frame through a switch that has nothing else to do, and through one that carries 100,000 others a second. */
import type { Results } from '../results.js';
import { median, percentile } from '../statistics.js';
import { load, measureLatency } from './load.js';
import { type Side, withoutVde, withSides } from './sides.js';

const size = 64;
const frames = 400;
const rounds = 5;

interface Series {
  readonly side: Side;
  readonly loaded: boolean;
  /** Microseconds, of each round. */
  readonly p50: number[];
  readonly p99: number[];
}

async function measureOnce({ side, loaded, p50, p99 }: Series): Promise<void> {
  await using _others = loaded ? load(side, size) : undefined;
  const times = measureLatency(side, size, frames);
  p50.push(percentile(times, 0.5));
  p99.push(percentile(times, 0.99));
}

export async function measureLatencies(results: Results, folder: string): Promise<void> {
  results.section(`One frame of ${size} bytes through a switch (${rounds} rounds of ${frames} frames)`);
  await withSides(folder, 4, async (sides) => {
    if (sides.length < 3) results.note(withoutVde);
    const all = sides.flatMap((side): Series[] => [false, true].map((loaded) => ({ side, loaded, p50: [], p99: [] })));
    for (let round = 0; round < rounds; round += 1) for (const series of all) await measureOnce(series);
    results.heading(['p50, µs', 'p99, µs']);
    for (const { side, loaded, p50, p99 } of all) {
      results.addRow(`${side.name}, ${loaded ? 'with 100,000 others/s' : 'idle'}`, [
        { column: 'p50', value: median(p50), unit: 'µs' },
        { column: 'p99', value: median(p99), unit: 'µs' },
      ]);
    }
  });
}
