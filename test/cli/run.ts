/** The command line as people type it, wrong and right: what is said, where, and the exit status. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { fdbroker } from '../support/fdbroker.js';
import { inProject } from '../support/project.js';

const wrong: [args: string[], complaint: RegExp, hint: RegExp][] = [
  [[], /^fdbroker: a command is missing$/m, /try "fdbroker --help"/],
  [['prots'], /there is no command "prots"; did you mean ports\?/, /try "fdbroker --help"/],
  [['po\u001b[31mrts'], /there is no command "po\\u001b\[31mrts"/, /try "fdbroker --help"/],
  [['ports', '--jsno'], /unknown argument: jsno/, /try "fdbroker ports --help"/],
  [['ports', 'x\u009b'], /unknown argument: x\\x9b/, /try "fdbroker ports --help"/],
  [['ports', '--no-json'], /unknown argument: no-json/, /ports --help/],
  [['status', '--socket'], /--socket needs a value/, /status --help/],
  [['status', '--socket='], /--socket needs a value/, /status --help/],
  [['status', '--socket=a', '--socket=b'], /--socket stands more than once/, /status --help/],
  [['status', '--timeout=0'], /--timeout takes seconds, above 0/, /status --help/],
  [['status', '--timeout=1e3'], /--timeout takes seconds/, /status --help/],
  [['status', '--timeout=86401'], /at most 86400/, /status --help/],
  [['release'], /an operand is missing/, /release --help/],
  [['check', ''], /FILE needs a value/, /check --help/],
  [['check', 'a', 'b'], /unknown argument: b/, /check --help/],
  [['check', 'a', '--user-mode'], /"file" and "user-mode" exclude each other/, /check --help/],
  [['explain'], /--network is missing/, /explain --help/],
  [['explain', '--network=a', '--form=x'], /--form cannot be "x"; choose one of "tap"/, /explain --help/],
  [['import-bridge-conf'], /an operand is missing/, /import-bridge-conf --help/],
  [['--socket=x', 'exec'], /exec must be the first word/, /try "fdbroker/],
];

for (const [args, complaint, hint] of wrong) {
  t.test(`wrong: fdbroker ${args.map((word) => JSON.stringify(word)).join(' ')}`, async (t) => {
    const { status, stdout, stderr } = await fdbroker(args);
    t.equal(status, 2);
    t.equal(stdout, '');
    t.match(stderr, complaint);
    t.match(stderr, hint);
    t.match(stderr, /^(fdbroker: .*\n){2}$/, 'every line says who speaks');
  });
}

t.test('help', async (t) => {
  const top = await fdbroker(['--help']);
  t.equal(top.status, 0);
  t.equal(top.stderr, '');
  t.match(top.stdout, /^fdbroker COMMAND \[options\]\n/);
  t.match(top.stdout, /Exit status: 0 done, 1 the answer is no, 2 wrong usage/);
  const commands = [...top.stdout.matchAll(/^ {2}fdbroker (\S+)/gm)].map(([, name]) => name as string);
  t.strictSame(commands, [
    'exec',
    'open',
    'attach',
    'detach',
    'networks',
    'ports',
    'release',
    'switch',
    'top',
    'capture',
    'status',
    'reload',
    'doctor',
    'check',
    'explain',
    'import-bridge-conf',
  ]);

  const texts = ['docs/man/fdbroker.1', 'conf/completions/fdbroker', 'conf/completions/_fdbroker'];
  const readers = texts.map((file) => [file, readFileSync(inProject(file), 'utf8')] as const);
  for (const command of commands) {
    const { status, stdout } = await fdbroker([command, '--help']);
    t.equal(status, 0);
    t.ok(stdout.startsWith(`fdbroker ${command}`), command);
    const options = [...stdout.matchAll(/--([a-z-]+) /g)].map(([, name]) => name as string);
    for (const [file, text] of readers) {
      t.ok(text.includes(command), `${file} knows ${command}`);
      // mdoc writes --socket as "Fl -socket"
      for (const option of options) t.ok(text.includes(`-${option}`), `${file} knows --${option}`);
    }
  }
});

t.test('version', async (t) => {
  t.same(await fdbroker(['--version'], { version: '1.2.3' }), { status: 0, stdout: 'fdbroker 1.2.3\n', stderr: '' });
});

t.test('a bug is no wrong usage', async (t) => {
  const world = { accounts: () => Promise.reject(new TypeError('a bug')) };
  await t.rejects(fdbroker(['explain', '--network=lan'], world), { name: 'TypeError', message: 'a bug' });
});
