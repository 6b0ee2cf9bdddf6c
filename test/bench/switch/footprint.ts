/** Memory of our switch, and the processor time that it takes when nothing happens. */
import { slabBytes } from '../../../src/switchd/slots.js';
import { residentMemory } from '../commands.js';
import type { Results } from '../results.js';
import { rest, tellIdle } from './idle.js';
import { measureRate } from './load.js';
import { startCrowd } from './qdes-crowd.js';
import { OurSwitch } from './sides.js';

const ports = 16;
/** Behind each of two ports. */
const addresses = 50_000;
const [guests, networks] = [1000, 1000];
/** MiB: of the process, and of each thread. */
const [ofProcess, ofThread, threads] = [64, 10, 1];

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
  const [idle] = await rest([it]);
  if (idle !== undefined) tellIdle(results, `processor time in 10 s, ${2 * addresses} addresses`, idle);
  await using crowd = await startCrowd(guests, networks);
  results.add(`resident, ${networks} networks of QDES, ${guests} guests`, residentMemory(crowd.near.pid), 'MiB', most);
}
