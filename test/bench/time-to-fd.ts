/** Time to a descriptor: ours and QEMU's own helper in turn, one request at a time and 200 together. */
import { BrokerProcess } from './broker-process.js';
import { peerHelper, spawnHelpers, untilQuiet } from './commands.js';
import type { Results } from './results.js';
import { percentile } from './statistics.js';

/** `p50` and `p99`: our time as a part of the peer's, at most. */
const rounds = [
  { together: 1, requests: 50, rounds: 10, p50: 0.5, p99: 0.7 },
  { together: 200, requests: 200, rounds: 4, p50: 0.7, p99: 0.7 },
] as const;

export async function measureTimeToFd(results: Results, folder: string): Promise<void> {
  await using broker = await BrokerProcess.start(folder, 100);
  const peer = peerHelper('br0');
  for (const plan of rounds) {
    const ours: number[] = [];
    const theirs: number[] = [];
    const measure = async (helper: readonly string[], times: number[]) => {
      const round = await spawnHelpers(plan.requests, plan.together, helper);
      times.push(...round.times);
      await round.release();
      await untilQuiet(broker.pid);
    };
    await measure(broker.helper, []);
    if (peer !== undefined) await measure(peer, []);
    for (let round = 0; round < plan.rounds; round++) {
      await measure(broker.helper, ours);
      if (peer !== undefined) await measure(peer, theirs);
    }

    results.section(`Time to a descriptor, ${plan.together} at a time (${ours.length} requests each)`);
    if (peer === undefined) results.note('qemu-bridge-helper is missing: apt-get install qemu-system-common');
    for (const [name, part, budget] of [
      ['p50', 0.5, plan.p50],
      ['p99', 0.99, plan.p99],
    ] as const) {
      const own = percentile(ours, part);
      results.add(`fdbroker-helper ${name}`, own, 'ms');
      if (peer === undefined) continue;
      const other = percentile(theirs, part);
      results.add(`qemu-bridge-helper ${name}`, other, 'ms');
      results.add(`ratio of ${name}`, own / other, '', budget);
    }
  }
}
