/** What `fdbroker exec` starts begins as if the shell had started it itself: nothing of Node or ours is left behind. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { startGrantingServer } from '../support/granting-server.js';
import { inProject } from '../support/project.js';
import { temporaryFolder } from '../support/temporary.js';

const launcher = `'${inProject('build/fdbroker')}' exec`;
const environment = {
  PATH: process.env['PATH'],
  HOME: '/nowhere',
  TERM: 'xterm',
  FDBROKER_SOCKET: startGrantingServer(t),
};

/** A shell that does what it is told of its own state and then replaces itself. */
async function shell(words: string, cwd = '/') {
  // Names that a careless launcher would use itself
  const env = {
    ...environment,
    here: 'a',
    package: 'b',
    found: 'c',
    key: 'd',
    value: 'e',
    FDBROKER_BEGINNING: 'stale',
  };
  const child = spawn('bash', ['-c', words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', (status, signal) => resolve(status ?? signal)));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { ended: await ended, stdout, stderr };
}

/** The same state, then the program by itself and by exec. */
async function bothWays(state: string, program: string, cwd?: string) {
  const plain = await shell(`${state}; exec ${program}`, cwd);
  return { plain, ours: await shell(`${state}; exec ${launcher} -- ${program}`, cwd) };
}

const states: readonly [what: string, state: string][] = [
  ['as it comes', ':'],
  ['a low limit of open files', 'ulimit -S -n 200'],
  ['a hard limit too', 'ulimit -n 300'],
  ['signals that nohup and others ignore', "trap '' HUP USR2 PIPE INT RTMAX"],
  ['another file mode mask, priority and core size', 'umask 077; ulimit -S -c 0; renice -n 3 $$ >/dev/null'],
];

t.test('limits, signals, mask, priority', async (t) => {
  // SigQ is of all the processes that the user has
  const program = `sh -c 'ulimit -aS; ulimit -aH; umask; nice; grep -E "Sig[PBIC]|Shd|Cap|NoNew|Umask|Seccomp" /proc/self/status'`;
  for (const [what, state] of states) {
    const { plain, ours } = await bothWays(state, program);
    t.match(plain, { ended: 0, stderr: '', stdout: /SigIgn:/ });
    t.same(ours, plain, what);
  }
});

t.test('environment, name, folder, status', async (t) => {
  const folder = temporaryFolder(t);
  const script = 'env -u _ | grep -v ^FDBROKER_BEGINNING=stale | sort; pwd -P; echo "$0 $*"; exit 41';
  const { plain, ours } = await bothWays(':', `sh -c '${script}' 'zéro name' '' 'a  b'`, folder);
  t.match(plain, { ended: 41, stdout: new RegExp(`\n${folder}\nzéro name  a  b\n$`) });
  t.same(ours, plain);
  t.same((await bothWays(':', "sh -c 'kill -TERM $$'")).ours, { ended: 'SIGTERM', stdout: '', stderr: '' });
});

t.test('descriptors: those of the shell, and one for each that was granted', async (t) => {
  const list = `bash -c 'for fd in /proc/$$/fd/*; do echo "\${fd##*/} $(grep flags /proc/$$/fdinfo/\${fd##*/})"; done'`;
  // With both ends of a pipe, which Node has of its own too
  const state = 'exec 5</dev/null 9>>/dev/null 7< <(:) 8>/proc/self/fd/7 10<>/dev/null 33</dev/zero';
  const { plain, ours } = await bothWays(state, list);
  for (const fd of [5, 7, 8, 9, 10, 33]) t.match(plain.stdout, new RegExp(`^${fd} flags`, 'm'));
  t.same(ours, plain);
  const granted = await shell(`${state}; exec ${launcher} --network lan --network other=lan -- ${list}`);
  t.equal(granted.stdout.split('\n').length, plain.stdout.split('\n').length + 2);
});

t.test('a terminal: job control and Ctrl-C', async (t) => {
  const job = `bash -c 'trap "printf con%sued tin" CONT; printf re%sy ad; while :; do sleep 0.05; done'`;
  for (const program of [job, `${launcher} -- ${job}`]) {
    const terminal = openTerminal(t);
    terminal.type(`${program}\n`);
    await terminal.shows('ready');
    terminal.type('\u001a');
    await terminal.shows('Stopped');
    terminal.type('fg\n');
    await terminal.shows('continued');
    terminal.type('\u0003');
    terminal.type("printf 'sta%s=%s=\\n' tus $?; jobs\n");
    await terminal.shows('status=130=');
    terminal.type('exit 5\n');
    t.equal(await terminal.ended, 5);
  }
});

t.test('the terminal’s own settings', async (t) => {
  const shown = async (program: string) => {
    const terminal = openTerminal(t);
    terminal.type(`stty -echo rows 33; ${program}; printf 'do%s\\n' ne; exit\n`);
    await terminal.shows('done');
    await terminal.ended;
    return terminal.words().replace(/^[\s\S]*?(?=speed)/, '');
  };
  const plain = await shown('stty -a');
  t.match(plain, /rows 33;[\s\S]* -echo /);
  t.equal(await shown(`${launcher} -- stty -a`), plain);
});

/** An interactive shell on a terminal of its own. */
function openTerminal(t: Test) {
  const child = spawn('script', ['-qfec', 'bash --norc --noprofile -i', '/dev/null'], {
    cwd: '/',
    env: { ...environment, PS1: '$ ' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let words = '';
  let arrived = () => {};
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    words += more;
    arrived();
  });
  return {
    ended: new Promise((resolve) => child.once('close', resolve)),
    words: () => words,
    type: (keys: string) => child.stdin.write(keys),
    async shows(wanted: string): Promise<void> {
      while (!words.includes(wanted)) await new Promise<void>((resolve) => (arrived = resolve));
    },
  };
}
