/** Two networks of our switch on one thread and on two: frames, and what the second thread costs. */
import { slabBytes } from '../../../src/switchd/slots.js';
import { residentMemory } from '../commands.js';
import type { Results } from '../results.js';
import { median } from '../statistics.js';
import { rest } from './idle.js';
import { measureRate, type Rate, type Traffic } from './load.js';
import { Limit, OurSwitch, type Side } from './sides.js';

const sizes = [64, 1500] as const;
/** Flows at once: each is of a network of its own. */
const flows = [1, 2] as const;
const ports = 4;
const networks = 2;
/** By how many threads they have. */
const names = ['one thread', 'two threads'] as const;
const rounds = 7;
const milliseconds = 300;
/** Behind each of the ports that talk. */
const addresses = 25_000;
/** MiB: of the process, and of each thread. */
const [ofProcess, ofThread] = [64, 10];

async function measureFrames(results: Results, sides: readonly Side[]): Promise<void> {
  const columns = [...names, 'limit in C'];
  results.heading(columns);
  const scenes = sizes.flatMap((size) =>
    flows.map((of) => ({ traffic: { size, ports, flows: of, addresses: 1 } satisfies Traffic, rates: [] as Rate[][] })),
  );
  for (const { traffic } of scenes) for (const side of sides) measureRate(side, traffic, milliseconds);
  for (let round = 0; round < rounds; round += 1) {
    for (const { traffic, rates } of scenes) rates.push(sides.map((side) => measureRate(side, traffic, milliseconds)));
  }
  for (const { traffic, rates } of scenes) {
    const name = `${traffic.size} bytes, ${traffic.flows === 1 ? 'one network talks' : 'both talk'}`;
    const cells = (unit: string, of: (rate: Rate) => number) =>
      sides.map((_, side) => ({
        ...{ column: columns[side] ?? '', unit },
        value: median(rates.flatMap((round) => round[side] ?? []).map(of)),
      }));
    results.addRow(
      `${name}, kframes/s`,
      cells('kframes/s', ({ arrived }) => arrived / 1000),
    );
    results.addRow(
      `${name}, ns/frame`,
      cells('ns', ({ cost }) => cost),
    );
  }
  for (const { traffic, rates } of scenes) {
    const ratios = rates.map(([one, two]) => (two?.arrived ?? 0) / (one?.arrived ?? 1));
    const who = traffic.flows === 1 ? 'one network talks (what is not 1 is chance)' : 'both talk';
    results.add(`${traffic.size} bytes, ${who}: two threads of one`, median(ratios));
  }
}

export async function measureThreads(results: Results): Promise<void> {
  results.section(
    `Two networks of our switch by its threads (${rounds} rounds of ${milliseconds} ms; generator and sink take processors, too)`,
  );
  await using one = await OurSwitch.start(ports, networks, ['--threads', '1']);
  await using two = await OurSwitch.start(ports, networks, ['--threads', '2']);
  const switches = [one, two] as const;
  for (const [i, it] of switches.entries()) {
    results.add(`resident, ${names[i]}, no frame yet`, residentMemory(it.pid), 'MiB');
  }
  await using limit = new Limit(ports);
  await measureFrames(results, [one, two, limit]);
  for (const [i, it] of switches.entries()) {
    measureRate(it, { size: 64, ports, flows: 2, addresses }, 2000);
    const most = ofProcess + (i + 1) * (ofThread + slabBytes / 2 ** 20);
    results.add(`resident, ${names[i]}, ${ports * addresses} addresses`, residentMemory(it.pid), 'MiB', most);
  }
  const idle = await rest(switches);
  for (const [i, { ticks, microseconds }] of idle.entries()) {
    results.add(`processor time in 10 s without a frame, ${names[i]}`, ticks, 'ticks', 0);
    results.add('  the same by its scheduler', microseconds, 'µs');
  }
}
