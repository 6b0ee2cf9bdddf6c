/** What a frame costs our switch, in processor time, as it grows: with its ports, the addresses it knows, its networks. */
import { Switch } from '../../../src/switch/switch.js';
import { frame, station } from '../../support/frames.js';
import type { Results } from '../results.js';
import { median } from '../statistics.js';
import { measureRate, type Traffic } from './load.js';
import { Limit, OurSwitch, type Side } from './sides.js';

const rounds = 5;
const milliseconds = 200;
/** Milliseconds before the first round. */
const warmUp = 500;
/** As much of what the smallest costs is still flat. */
const flat = 1.25;
const traffic = { size: 64, ports: 2, flows: 1, addresses: 1 } as const;

interface Series {
  readonly name: string;
  readonly side: Side;
  readonly traffic: Traffic;
  readonly costs: number[];
}

/** The first is what the others are compared with. */
function measure(results: Results, all: readonly Omit<Series, 'costs'>[], budget?: number): void {
  const series: Series[] = all.map((one) => ({ ...one, costs: [] }));
  for (const { side, traffic } of series) measureRate(side, traffic, warmUp);
  for (let round = 0; round < rounds; round += 1) {
    for (const { side, traffic, costs } of series) costs.push(measureRate(side, traffic, milliseconds).cost);
  }
  tell(results, series, budget);
}

function tell(results: Results, series: readonly Pick<Series, 'name' | 'costs'>[], budget?: number): void {
  const [first] = series;
  for (const one of series) {
    results.add(one.name, median(one.costs), 'ns');
    if (first === undefined || one === first) continue;
    const ratios = one.costs.map((cost, round) => cost / (first.costs[round] as number));
    results.add(`  of ${first.name}`, median(ratios), '', budget);
  }
}

/** Of the decisions alone: as many ports as are needed for so many networks cannot be had as sockets. */
function decide(networks: number): () => number {
  const [ports, frames] = [20_000, 400_000];
  const it = new Switch({ ports, addresses: 131_072, ageing: 300 });
  const flags = { uplink: false, isolated: false, locked: false };
  const limits = { maxAddresses: 1, maxFrame: 1518, floodRate: 0, addresses: [] };
  const of = Array.from({ length: ports }, (_, port) => frame(station(port ^ 1), station(port)));
  for (let port = 0; port < ports; port += 1) {
    it.add(port, { network: (port >> 1) % networks, ...flags, ...limits }, 0);
    it.pass(port, 0, of[port] as Uint8Array, 0, 60, 0);
  }
  return () => {
    const began = performance.now();
    // A step that is prime: no order that the processor could foresee
    for (let i = 0, port = 0; i < frames; i += 1, port = (port + 7919) % ports) {
      if (it.pass(port, 0, of[port] as Uint8Array, 0, 60, 0) !== 1) throw new Error('a frame went astray');
    }
    return ((performance.now() - began) * 1e6) / frames;
  };
}

function measureNetworks(results: Results): void {
  const series = [1, 10_000].map((networks) => ({
    name: `decision alone, 20,000 ports in ${networks} network${networks === 1 ? '' : 's'}`,
    costs: [] as number[],
    run: decide(networks),
  }));
  for (const { run } of series) run();
  for (let round = 0; round < rounds; round += 1) for (const { run, costs } of series) costs.push(run());
  tell(results, series, flat);
}

export async function measureCosts(results: Results): Promise<void> {
  results.section('Processor time of our switch for each frame of 64 bytes');
  await using two = await OurSwitch.start(2);
  await using some = await OurSwitch.start(64);
  await using many = await OurSwitch.start(1024);
  await using limit = new Limit(1024);
  measure(
    results,
    [
      { name: '2 ports', side: two, traffic },
      { name: '64 ports, 2 of them talk', side: some, traffic },
      { name: '1,024 ports, 2 of them talk', side: many, traffic },
    ],
    flat,
  );
  // The first in turn again: what is compared is of the same rounds
  const all = (ports: number) => ({ ...traffic, ports, flows: ports / 2 });
  measure(
    results,
    [
      { name: '2 ports that talk', side: two, traffic },
      { name: '64 ports, all talk', side: some, traffic: all(64) },
      { name: '1,024 ports, all talk', side: many, traffic: all(1024) },
    ],
    flat,
  );
  // No budget: how many frames a turn finds among 512 flows varies from run to run, for both
  measure(results, [
    { name: 'the limit, 1,024 ports, all talk', side: limit, traffic: all(1024) },
    { name: 'ours, 1,024 ports, all talk', side: many, traffic: all(1024) },
  ]);
  measure(
    results,
    [
      { name: '100 addresses', side: two, traffic: { ...traffic, addresses: 50 } },
      { name: '100,000 addresses', side: two, traffic: { ...traffic, addresses: 50_000 } },
    ],
    flat,
  );
  measureNetworks(results);
}
