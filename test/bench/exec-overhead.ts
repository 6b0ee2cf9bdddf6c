/** What `fdbroker exec` costs over starting the program itself, and where that goes: one start after the other in turn. */
import { spawnSync } from 'node:child_process';
import { BrokerProcess } from './broker-process.js';
import { built } from './commands.js';
import type { Results } from './results.js';
import { percentile } from './statistics.js';

const rounds = 40;
/**
 * Tells when it began, in nanoseconds: its end is no part of what is measured, because there the tap is closed, which
 * takes 16 ms.
 */
const program = ['/bin/date', '+%s%N'] as const;
const tellTime = 'fs.writeSync(1, String((performance.timeOrigin + performance.now()) * 1e6))';

interface Start {
  readonly command: readonly [string, ...string[]];
  readonly times: number[];
}

const start = (...command: [string, ...string[]]): Start => ({ command, times: [] });

function run({ command: [file, ...args], times }: Start, environment: NodeJS.ProcessEnv, keep: boolean): void {
  const began = performance.timeOrigin + performance.now();
  const { status, stdout, stderr } = spawnSync(file, args, { env: environment, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
  if (keep) times.push(Number(stdout) / 1e6 - began);
}

export async function measureExec(results: Results, folder: string): Promise<void> {
  await using broker = await BrokerProcess.start(folder, 100);
  const environment = { ...process.env, FDBROKER_SOCKET: broker.socket };
  const network = ['--network', 'br0,form=tap', '--', ...program];
  const direct = start(...program);
  const node = start(process.execPath, '-e', tellTime);
  // Without the shell that finds the package and Node
  const nothing = start(process.execPath, built('src/bin/fdbroker.js'), 'exec', '--', ...program);
  const asking = start(process.execPath, built('src/bin/fdbroker.js'), 'exec', ...network);
  const whole = start(built('fdbroker'), 'exec', ...network);
  // The first round is to warm up
  for (let round = 0; round <= rounds; round++) {
    for (const each of [direct, node, nothing, asking, whole]) run(each, environment, round > 0);
  }
  const p50 = ({ times }: Start) => percentile(times, 0.5);
  results.section(`fdbroker exec with one network, against the program itself (${rounds} starts each)`);
  results.add('the program itself p50', p50(direct), 'ms');
  results.add('by fdbroker exec p50', p50(whole), 'ms');
  results.add('by fdbroker exec p99', percentile(whole.times, 0.99), 'ms');
  results.add('more than the program itself, p50', p50(whole) - p50(direct), 'ms', 120);
  results.add('  of that: the shell of the launcher', p50(whole) - p50(asking), 'ms');
  results.add('  of that: Node’s start', p50(node) - p50(direct), 'ms');
  results.add('  of that: loading, and exec', p50(nothing) - p50(node), 'ms');
  results.add('  of that: the request', p50(asking) - p50(nothing), 'ms');
}
