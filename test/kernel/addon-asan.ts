/** Runs the addon's tests again with it compiled for AddressSanitizer and UndefinedBehaviorSanitizer. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { copyBuildWithTests } from '../support/copied-build.js';
import { inProject } from '../support/project.js';

const cc = process.env['CC'] ?? 'cc';
const tests = [
  ...['seqpacket', 'listen', 'peer', 'watch', 'watch-lifetime', 'accounts', 'errno', 'close', 'closer'],
  ...['native-links', 'linux-taps', 'known-link', 'linux-sockets', 'macvtap-node', 'linux-macvtap'],
  ...['packet-sockets', 'multicast-sockets', 'pipe', 'host-taps', 'frame-io', 'trains', 'odd-trains'],
];

const sources = inProject('src/kernel/native');

/** The compiler's libasan.so; undefined when it has none. */
function sanitizer(): string | undefined {
  const { stdout } = spawnSync(cc, ['-print-file-name=libasan.so'], { encoding: 'utf8' });
  const path = stdout?.trim() ?? '';
  // Not found, it is printed as it was asked for.
  return path.startsWith('/') && existsSync(path) ? path : undefined;
}

function compile(output: string): void {
  const headers = inProject('node_modules/node-api-headers/include');
  const files = readdirSync(sources).filter((file) => file.endsWith('.c'));
  const flags = ['-std=c11', '-O1', '-g', '-D_GNU_SOURCE', '-fPIC', '-shared', '-fvisibility=hidden'];
  const checks = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'];
  execFileSync(cc, [...flags, ...checks, '-isystem', headers, '-o', output, ...files], { cwd: sources });
}

const libasan = sanitizer();
t.test('no sanitizer complains', { skip: libasan === undefined && `${cc} has no libasan: install gcc` }, async (t) => {
  const folder = copyBuildWithTests(t);
  compile(join(folder, 'native/fdbroker.node'));
  // Node does not free everything at its end, so leaks are not looked for. Nor is the runner to follow these runs.
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const env = {
    ...inherited,
    LD_PRELOAD: libasan,
    ASAN_OPTIONS: 'detect_leaks=0',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  };
  const runTest = (name: string, environment: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [join(folder, `test/kernel/${name}.js`)], { encoding: 'utf8', env: environment });
  t.match(runTest('errno', inherited).stderr, /ASan runtime does not come first/, 'this addon is what the copy loads');
  for (const test of tests) {
    const run = runTest(test, env);
    t.equal(run.status, 0, test);
    t.notMatch(run.stderr, /Sanitizer|runtime error/);
    if (run.status !== 0) t.comment(run.stdout, run.stderr);
  }
});
