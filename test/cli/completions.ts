/** What bash offers at TAB. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { inProject } from '../support/project.js';

const script = inProject('conf/completions/fdbroker');
const bash = spawnSync('bash', ['--version']).status === 0;

/** @param stub what `fdbroker COMMAND` prints while it is asked for names. */
function complete(words: readonly string[], stub = ''): string[] {
  const program = `
    fdbroker() { printf '%s' "$STUB"; }
    source "$SCRIPT"
    COMP_WORDS=(fdbroker "$@")
    COMP_CWORD=$#
    _fdbroker
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-uc', program, 'bash', ...words], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], SCRIPT: script, STUB: stub },
  });
  if (status !== 0) throw new Error(`bash: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

t.test('bash', { skip: bash ? false : 'bash is missing: apt-get install bash' }, async (t) => {
  const ports = 'GRANT     USER\n1a2b3c4d  alice\n1a999999  alice\n';
  const networks = 'NETWORK  BRIDGE\nlan  br0\nlab  br1\nlab: there is no bridge\n';
  const cases: [words: string[], stub: string, offered: string[]][] = [
    [['st'], '', ['status']],
    [['re'], '', ['release', 'reload']],
    [['status', '--s'], '', ['--socket']],
    [['doctor', '--q'], '', ['--qemu']],
    [['top', '--r'], '', ['--rounds']],
    [['capture', 'la'], networks, ['lan', 'lab']],
    [['capture', 'lab', '--port', '1a2'], ports, ['1a2b3c4d']],
    [['--'], '', ['--help', '--version']],
    [['release', '1a2'], ports, ['1a2b3c4d']],
    [['release', ''], '', []],
    [['explain', '--form', 's'], '', ['stream', 'socket']],
    [['explain', '--network', 'la'], networks, ['lan', 'lab']],
    [['explain', '--user', 'roo'], '', ['root']],
    [['ports', '--timeout', ''], '', []],
    [['--json', 'che'], '', ['check']],
    [['exec', '--pr'], '', ['--print']],
    [['open', '--vhost', 'a'], '', ['auto']],
    [['exec', '--network', 'la'], networks, ['lan', 'lab']],
  ];
  for (const [words, stub, offered] of cases) t.same(complete(words, stub), offered, words.join(' '));
  t.ok(complete(['open', '--', 'bas']).includes('bash'), 'commands');
  t.ok(complete(['check', `${script}`]).includes(script), 'files');
});

t.test(
  'zsh takes its file',
  { skip: spawnSync('zsh', ['--version']).status === 0 ? false : 'zsh is missing: apt-get install zsh' },
  async (t) => {
    const { status, stderr } = spawnSync('zsh', ['-n', inProject('conf/completions/_fdbroker')], {
      encoding: 'utf8',
    });
    t.equal(status, 0, stderr);
  },
);
