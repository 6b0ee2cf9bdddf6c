/** What `make test` says of TAP: counts, failures, the reasons of skips, the closing line. */
import t from 'tap';
import { Parser } from 'tap-parser';
import { gather, newOutcome } from '../runner/outcome.js';
import { closingLine, describeFailure, describeSkips } from '../runner/report.js';
import { runFile } from '../runner/run-file.js';

function read(tap: string) {
  const outcome = newOutcome();
  const parser = new Parser();
  gather(parser, outcome, ['build/test/a.js']);
  parser.end(tap);
  return outcome;
}

t.test('assertions count, and subtests skipped whole', async (t) => {
  const outcome = read(`TAP version 14
# Subtest: one
    ok 1 - first
    ok 2 - second # SKIP no kvm here: run as root
    not ok 3 - third
      ---
      at:
        fileName: test/a.ts
        lineNumber: 7
      diff: |
        -1
        +2
      ...
    1..3
not ok 1 - one
ok 2 - two # SKIP no kvm here: run as root
1..2
`);
  t.equal(closingLine(outcome), '1 passed, 1 failed, 2 skipped');
  t.same(describeSkips(outcome).split('\n').slice(0, 4), [
    'Skipped: 2, because',
    '  no kvm here: run as root  (2)',
    '      test/a.ts > one > second',
    '      test/a.ts > two',
  ]);
  const failure = outcome.failures.map(describeFailure).join('');
  t.match(failure, /^FAILED test\/a\.ts > one > third\n {4}at test\/a\.ts:7\n {4}diff:\n {6}-1\n {6}\+2\n$/);
});

t.test('a file skipped whole counts once', async (t) => {
  const outcome = read('TAP version 14\n1..0 # needs root: run as root\n');
  t.equal(closingLine(outcome), '0 passed, 0 failed, 1 skipped');
  t.match(describeSkips(outcome), '  needs root: run as root  (1)\n      test/a.ts\n');
});

t.test('what fails without a failed assertion has failed', async (t) => {
  const subtest = read(`TAP version 14
# Subtest: one
    ok 1 - first
    1..1
not ok 1 - one
  ---
  signal: SIGSEGV
  ...
1..1
`);
  t.equal(closingLine(subtest), '1 passed, 1 failed, 0 skipped');
  t.match(subtest.failures.map(describeFailure).join(''), /signal: SIGSEGV/);
  t.equal(closingLine(read('TAP version 14\nok 1 - first\n1..2\n')), '1 passed, 1 failed, 0 skipped');
  t.equal(closingLine(read('')), '0 passed, 1 failed, 0 skipped');
});

t.test('bailing out is a failure, and nothing skipped needs no words', async (t) => {
  const outcome = read('TAP version 14\nok 1 - first\nBail out! the disk is full\n');
  t.match(outcome.failures.map(describeFailure).join(''), /Bail out!\n {4}the disk is full/);
  t.equal(describeSkips(outcome), '');
});

t.test('a file that hangs on to a process, or ends badly, has failed', async (t) => {
  const folder = t.testdir({
    'leaves.js':
      "import { spawn } from 'node:child_process'; spawn('sleep', ['60']).unref(); process.stdout.write('ok 1 - a\\n1..1\\n'); process.exit(0);",
    'dies.js': "process.stdout.write('ok 1 - a\\n1..1\\n', () => process.kill(process.pid, 'SIGKILL'));",
    'complains.js': "process.stderr.write('words'); process.stdout.write('ok 1 - a\\n1..1\\n'); process.exitCode = 3;",
    'package.json': '{ "type": "module" }',
  });
  const runs = await Promise.all(['leaves', 'dies', 'complains'].map((name) => runFile(`${folder}/${name}.js`)));
  const why = runs.map(({ outcome }) => outcome.failures.map(({ diagnostic }) => diagnostic));
  t.same(why, [['it left a process behind'], ['it was ended by SIGKILL'], ['it ended with status 3']]);
  t.equal(runs[2]?.stderr, 'words');
});
