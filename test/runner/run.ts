/**
 * `make test`: runs the compiled tests, two at a time, and tells of them so that it reads well without a terminal.
 * Arguments are tests or folders of tests, as test/acl or test/acl/decide.ts; without any, all of them.
 *
 * The tests use tap and are not run by tap's own program: that loads hooks into every Node a test starts, which write
 * files as whoever the process is, and patch the signals and the exit of the broker that is to be tested.
 */
import { existsSync, readdirSync } from 'node:fs';
import { merge, newOutcome, skipCount } from './outcome.js';
import { closingLine, describeFailure, describePath, describeSkips, sourceOf } from './report.js';
import { type FileRun, killAll, runFile } from './run-file.js';

const jobs = 2;
/** Not tests themselves. */
const others = /^build\/test\/(support|runner|bench|demo)\/|\/(fixtures|inside)\//;
/** The folders whose files take longest go first, so that none of them runs alone at the end. */
const slow = /^build\/test\/(qemu|kernel)\//;

const colours = process.stdout.isTTY && process.env.NO_COLOR === undefined;
const paint = (code: number, text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);

function compiledTests(argument: string): string[] {
  const path = argument
    .replace(/^(?!build\/)/, 'build/')
    .replace(/\.ts$/, '.js')
    .replace(/\/$/, '');
  if (!existsSync(path)) {
    process.stderr.write(`There is no test ${argument}: name a file or a folder, as test/core/mac.ts or test/acl.\n`);
    process.exit(1);
  }
  if (path.endsWith('.js')) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  const tests = names.filter((name) => name.endsWith('.js')).map((name) => `${path}/${name}`);
  return tests.filter((test) => !others.test(test)).sort();
}

function print({ file, outcome, milliseconds, stderr }: FileRun): void {
  const { passed, failures } = outcome;
  const failed = failures.length;
  const skipped = skipCount(outcome);
  const counts = Object.entries({ passed, failed, skipped }).filter(([, count]) => count > 0);
  const mark = failed > 0 ? paint(31, 'FAIL') : passed > 0 ? paint(32, 'ok  ') : paint(33, 'skip');
  const told = counts.map(([what, count]) => `${count} ${what}`).join(', ');
  process.stdout.write(`${mark} ${sourceOf(file)}: ${told} (${(milliseconds / 1000).toFixed(1)} s)\n`);
  for (const failure of failures) process.stdout.write(describeFailure(failure));
  if (failed > 0 && stderr !== '') process.stdout.write(`Its standard error:\n${stderr.trimEnd()}\n`);
}

const files = (process.argv.length > 2 ? process.argv.slice(2) : ['test']).flatMap(compiledTests);
const waiting = [...files.filter((file) => slow.test(file)), ...files.filter((file) => !slow.test(file))];
const outcome = newOutcome();

async function work(): Promise<void> {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const run = await runFile(file);
    print(run);
    merge(outcome, run.outcome);
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killAll();
    process.exit(1);
  });
}
await Promise.all(Array.from({ length: jobs }, work));

const failed = outcome.failures.map(({ path }) => `FAILED ${describePath(path)}\n`).join('');
process.stdout.write(`\n${describeSkips(outcome)}${failed}${closingLine(outcome)}\n`);
if (outcome.passed === 0) process.stderr.write('No test passed: that is not a pass.\n');
process.exitCode = outcome.failures.length === 0 && outcome.passed > 0 ? 0 : 1;
