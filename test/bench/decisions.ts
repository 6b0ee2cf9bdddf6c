/** Time to a decision with 10, 1,000 and 10,000 rules, under the broker's V8 flags. */
import { built, run } from './commands.js';
import type { Decision } from './decision-loop.js';
import type { Results } from './results.js';

const flags = ['--jitless', '--no-expose-wasm', '--max-semi-space-size=1'];
const sizes = [10, 1000, 10_000] as const;

export function measureDecisions(results: Results): void {
  results.section('Time of a decision, by how many rules there are');
  const bySize = sizes.map((rules): Decision[] =>
    JSON.parse(run(process.execPath, [...flags, built('test/bench/decision-loop.js'), String(rules)])),
  );
  const [few = [], ...more] = bySize;
  for (const [index, { name, microseconds }] of few.entries()) {
    const values = [microseconds, ...more.map((decisions) => decisions[index]?.microseconds ?? Number.NaN)];
    for (const [which, value] of values.entries()) results.add(`${name}, ${sizes[which]} rules`, value, 'µs', 20);
    results.add(`${name}, 10000 rules against 10`, (values.at(-1) as number) / microseconds, '', 1.5);
  }
}
