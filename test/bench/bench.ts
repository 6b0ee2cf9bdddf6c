/**
 * `make bench`: every budget of the project, measured. Runs itself again in private network and mount namespaces, where
 * it has a bridge of its own and may write /etc/qemu/bridge.conf. A budget that is missed is told, and is no failure.
 * Arguments: names of entries; none: all.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sh } from './commands.js';
import { measureDataPath } from './data-path.js';
import { measureDecisions } from './decisions.js';
import { measureExec } from './exec-overhead.js';
import { measureHotPlug } from './hot-plug.js';
import { measureManyGrants } from './many-grants.js';
import { measureMemory } from './memory.js';
import { addLinks } from './networks.js';
import { Results } from './results.js';
import { measureCosts } from './switch/costs.js';
import { measureFootprint } from './switch/footprint.js';
import { measureIdle } from './switch/idle.js';
import { measureLatencies } from './switch/latencies.js';
import { measureManners } from './switch/manners.js';
import { measureQdesRates } from './switch/qdes-rates.js';
import { measureRates } from './switch/rates.js';
import { measureThreads } from './switch/threads.js';
import { measureWaste } from './switch/waste.js';
import { measureTimeToFd } from './time-to-fd.js';
import { measureTimeToGrant } from './time-to-grant.js';

/** Tells the inner run where its files go. */
const marker = 'FDBROKER_BENCH_FOLDER';

/** What can be measured by name, in the order in which it is. */
const entries: Readonly<Record<string, (results: Results, folder: string) => void | Promise<void>>> = {
  decisions: measureDecisions,
  'time-to-fd': measureTimeToFd,
  'time-to-grant': measureTimeToGrant,
  exec: measureExec,
  'hot-plug': measureHotPlug,
  'data-path': measureDataPath,
  'many-grants': measureManyGrants,
  memory: measureMemory,
  'switch-rates': measureRates,
  'switch-latencies': measureLatencies,
  'switch-costs': measureCosts,
  'switch-footprint': measureFootprint,
  'switch-idle': measureIdle,
  'switch-waste': measureWaste,
  'switch-manners': measureManners,
  'switch-threads': measureThreads,
  'qdes-rates': measureQdesRates,
};

const wanted = process.argv.slice(2);
const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);

async function measure(folder: string): Promise<void> {
  mkdirSync(`${folder}/etc/qemu`, { recursive: true });
  writeFileSync(`${folder}/etc/qemu/bridge.conf`, 'allow all\n');
  sh(`mount -t overlay overlay -o lowerdir=${folder}/etc:/etc /etc`);
  sh('ip link set lo up');
  for (const bridge of ['br0', 'br1']) sh(`ip link add ${bridge} type bridge; ip link set ${bridge} up`);
  addLinks();
  const results = new Results();
  for (const [name, measure] of Object.entries(entries)) if (isWanted(name)) await measure(results, folder);
  results.close();
}

/** @returns the inner run's exit status. */
async function runInNamespaces(folder: string): Promise<number> {
  const flags = process.getuid?.() === 0 ? '-nm' : '-Urnm';
  const command = [
    flags,
    'setpriv',
    '--pdeathsig',
    'KILL',
    process.execPath,
    fileURLToPath(import.meta.url),
    ...wanted,
  ];
  const child = spawn('unshare', command, { stdio: 'inherit', env: { ...process.env, [marker]: folder } });
  // The terminal interrupts the inner run too, and its folder is to be removed all the same.
  process.on('SIGINT', () => undefined);
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return status ?? 1;
}

const inner = process.env[marker];
const unknown = wanted.filter((name) => entries[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(
    `bench: no entry is called ${unknown.join(', ')}; there are ${Object.keys(entries).join(', ')}\n`,
  );
  process.exit(2);
}
if (inner !== undefined) await measure(inner);
else {
  const folder = mkdtempSync(join(tmpdir(), 'fdbroker-bench-'));
  process.exitCode = await runInNamespaces(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}
