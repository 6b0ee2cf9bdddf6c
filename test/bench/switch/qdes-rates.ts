/**
 * Frames from a guest of one host to one of another, by QDES, with a key and without, by VXLAN of ours, and by the kernel's
 * bridge and vxlan device: how many a second, and what each costs in processor time.
 */
import { spawnSync } from 'node:child_process';
import type { Lifetime } from '../../support/until.js';
import { built } from '../commands.js';
import type { Results } from '../results.js';
import { median } from '../statistics.js';
import { kernelSide, type QdesSide, startQdesSides, whyNoVxlan } from './qdes-sides.js';

/** Bytes of a frame with its header: the smallest, and those of guests with an MTU of 1500. */
const sizes = [64, 1514] as const;
const rounds = 7;
const milliseconds = 300;

interface Rate {
  /** Frames a second. */
  readonly arrived: number;
  /** Nanoseconds for each frame that arrived: of the switches alone; 0: the kernel has it all. */
  readonly ofSwitches: number;
  /** The same of the switches, the generator and the sink, with what the kernel does in their calls. */
  readonly ofAll: number;
}

interface Series {
  readonly side: QdesSide;
  readonly size: number;
  readonly rates: Rate[];
}

function measureOnce({ name, ends, pids }: QdesSide, size: number): Rate {
  const args = [size, milliseconds, ...pids].map(String);
  const { status, stdout, stderr } = spawnSync(built('bench-qdes-load'), args, {
    ...{ stdio: ['ignore', 'pipe', 'pipe', ...ends.map(({ fd }) => fd)], encoding: 'utf8', timeout: 60_000 },
  });
  if (status !== 0) throw new Error(`bench-qdes-load ${args.join(' ')} by ${name}: ${stderr}`);
  const [arrived = 0, nanoseconds = 0, switches = 0, load = 0] = stdout.split(' ').map(Number);
  if (arrived === 0) throw new Error(`${name}: no frame arrives`);
  const [ofSwitches, ofAll] = [switches / arrived, (switches + load) / arrived];
  return { arrived: (arrived / nanoseconds) * 1e9, ofSwitches, ofAll };
}

async function measureAll(series: readonly Series[]): Promise<void> {
  for (const { side, size } of series) measureOnce(side, size);
  for (let round = 0; round < rounds; round += 1) {
    for (const { side, size, rates } of series) rates.push(measureOnce(side, size));
  }
}

export async function measureQdesRates(results: Results): Promise<void> {
  results.section(`Frames between two hosts (${rounds} rounds of ${milliseconds} ms, after one that does not count)`);
  const teardowns: (() => unknown)[] = [];
  const lifetime: Lifetime = { teardown: (end) => void teardowns.push(end) };
  const series: Series[] = [];
  try {
    const missing = whyNoVxlan();
    if (missing !== undefined) results.note(`${kernelSide} is not to be had here: ${missing}`);
    const sides = await startQdesSides(lifetime, missing === undefined);
    for (const size of sizes) for (const side of sides) series.push({ side, size, rates: [] });
    await measureAll(series);
  } finally {
    for (const teardown of teardowns.reverse()) await teardown();
  }
  tell(results, series);
}

function tell(results: Results, series: readonly Series[]): void {
  results.heading(['kframes/s', 'Gbit/s', 'switches, ns', 'all, ns', 'rate, of kernel', 'all, of kernel']);
  for (const { side, size, rates } of series) {
    const kernel = series.find((one) => one.size === size && one.side.name === kernelSide)?.rates;
    const middle = (value: (rate: Rate) => number) => median(rates.map(value));
    const against = (column: string, value: (rate: Rate) => number) => {
      if (kernel === undefined) return [];
      const ratios = rates.map((rate, round) => value(rate) / value(kernel[round] as Rate));
      return [{ column, value: median(ratios), unit: '' }];
    };
    results.addRow(`${size} bytes, ${side.name}`, [
      { column: 'frames a second', value: middle(({ arrived }) => arrived / 1000), unit: 'kframes/s' },
      { column: 'bits a second', value: middle(({ arrived }) => (arrived * size * 8) / 1e9), unit: 'Gbit/s' },
      { column: 'processor time of the switches', value: middle(({ ofSwitches }) => ofSwitches), unit: 'ns' },
      { column: 'processor time of all', value: middle(({ ofAll }) => ofAll), unit: 'ns' },
      ...against("frames a second, of the kernel's", ({ arrived }) => arrived),
      ...against("processor time of all, of the kernel's", ({ ofAll }) => ofAll),
    ]);
  }
}
