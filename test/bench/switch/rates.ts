/** Frames through a switch: how many a second, and what each costs it, of ours, vde_switch and the limit. */
import type { Results } from '../results.js';
import { median } from '../statistics.js';
import { measureRate, type Rate, type Traffic } from './load.js';
import { type Side, withoutVde, withSides } from './sides.js';

const sizes = [64, 1500] as const;
/** Ports, and how many pairs of them talk. */
const scenes = [
  [2, 1],
  [16, 1],
  [16, 2],
  [16, 4],
  [16, 8],
] as const;
const rounds = 7;
const milliseconds = 200;
/** Of the limit's speed, and of vde_switch's, at least. */
const [ofLimit, ofVde] = [0.85, 1.5];

interface Series {
  readonly name: string;
  readonly traffic: Traffic;
  /** One a round, for each side. */
  readonly rates: Rate[][];
}

async function measureScene(folder: string, ports: number, all: readonly Series[]): Promise<readonly Side[]> {
  return withSides(folder, ports, (sides) => {
    for (const { traffic } of all) for (const side of sides) measureRate(side, traffic, milliseconds);
    for (let round = 0; round < rounds; round += 1) {
      for (const { traffic, rates } of all) rates.push(sides.map((side) => measureRate(side, traffic, milliseconds)));
    }
    return sides;
  });
}

/** The middle of what one side has in each round of what another has. */
function ratio({ rates }: Series, value: (of: readonly Rate[]) => number | undefined): number | undefined {
  const ratios = rates.map(value).filter((one) => one !== undefined);
  return ratios.length === 0 ? undefined : median(ratios);
}

export async function measureRates(results: Results, folder: string): Promise<void> {
  results.section(
    `Frames between ports of a switch (${rounds} rounds of ${milliseconds} ms, after one that does not count)`,
  );
  const all: Series[] = sizes.flatMap((size) =>
    scenes.map(([ports, flows]) => ({
      name: `${size} bytes, ${ports} ports, ${flows === 1 ? 'a flow' : `${flows} flows`}`,
      traffic: { size, ports, flows, addresses: 1 },
      rates: [],
    })),
  );
  let sides: readonly Side[] = [];
  for (const ports of [2, 16]) {
    const series = all.filter(({ traffic }) => traffic.ports === ports);
    sides = await measureScene(folder, ports, series);
  }
  if (sides.length < 3) results.note(withoutVde);
  results.heading(sides.map(({ name }) => name));
  for (const { name, rates } of all) {
    const row = (value: (rate: Rate) => number) =>
      sides.map((_, side) => median(rates.flatMap((round) => round[side] ?? []).map(value)));
    const cells = (unit: string, values: readonly number[]) =>
      values.map((value, side) => ({ column: sides[side]?.name ?? '', value, unit }));
    const arrived = row(({ arrived }) => arrived / 1000);
    const cost = row(({ cost }) => cost);
    results.addRow(`${name}, kframes/s`, cells('kframes/s', arrived));
    results.addRow(`${name}, ns/frame`, cells('ns', cost));
  }
  for (const series of all) tellRatios(results, series);
}

function tellRatios(results: Results, series: Series): void {
  const told = (words: string, least: number, value: (of: readonly Rate[]) => number | undefined) => {
    const found = ratio(series, value);
    if (found !== undefined) results.addAtLeast(`${series.name}, ${words}`, found, least);
  };
  told('frames/s, of the limit', ofLimit, ([ours, limit]) => ours && limit && ours.arrived / limit.arrived);
  told('frames by processor time, of the limit', ofLimit, ([ours, limit]) => ours && limit && limit.cost / ours.cost);
  told('frames/s, of vde_switch', ofVde, ([ours, , vde]) => ours && vde && ours.arrived / vde.arrived);
  told('frames by processor time, of vde_switch', ofVde, ([ours, , vde]) => ours && vde && vde.cost / ours.cost);
}
