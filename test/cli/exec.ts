/** The words of `fdbroker exec`, and the process that it becomes. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { fdbroker, fdbrokerProcess, program } from '../support/fdbroker.js';
import { startGrantingServer } from '../support/granting-server.js';

const execFileLater = promisify(execFile);
const env = { FDBROKER_SOCKET: startGrantingServer(t) };

t.test('wrong words', async (t) => {
  const wrong: [words: string[], complaint: RegExp][] = [
    [[], /a command is missing/],
    [['--network', '-lan', '--', 'true'], /--network needs a value/],
    [['--network=,', '--', 'true'], /--network ,: "" is not a network name/],
    [['--network=x=', '--', 'true'], /--network x=: "network" is missing/],
    [['--network=-x=lan', '--', 'true'], /"-x" is not a network name/],
    [['--network=lan,colour=red', '--', 'true'], /what is "colour=red"\? It takes form, queues, vhost, mac/],
    [['--network=lan,network=lab', '--', 'true'], /what is "network=lab"\?/],
    [['--network=lan,form=tap,form=tap', '--', 'true'], /"form" stands twice/],
    [['--network=lan,queues=x', '--', 'true'], /"queues" takes a number/],
    [['--timeout=0', '--', 'true'], /--timeout takes seconds/],
    [['--', 'true', '-netdev', 'fdbroker,id=n0'], /-netdev fdbroker,id=n0: "network" is missing/],
  ];
  for (const [words, complaint] of wrong) {
    const { status, stderr } = await fdbroker(['exec', ...words], { env });
    t.equal(status, 2, words.join(' '));
    t.match(stderr, complaint);
  }
});

t.test('the process becomes the command', async (t) => {
  const shell = 'echo "$FDBROKER_FDS {mac:y}"; ls -l /proc/self/fd/{fd:y} | sed "s/.* //"; echo $$ >&2; exit 7';
  let pid = 0;
  const words = ['exec', '--network=x=lan', '--network=y=lan,form=dgram', '--', 'sh', '-c', shell];
  const { status, stdout, stderr } = await fdbrokerProcess(words, env, (child) => {
    pid = child.pid ?? 0;
  });
  t.equal(status, 7);
  t.match(stdout, /^x=\d+ y=\d+ 52:54:00:00:00:01\nsocket:\[\d+\]\n$/);
  t.equal(stderr, `${pid}\n`, 'no process of ours stays');
});

t.test('its streams and other descriptors are those of the caller', async (t) => {
  const look = 'grep -H flags /proc/self/fdinfo/1 /proc/self/fdinfo/2 /proc/self/fdinfo/3';
  const seen = async (command: string) => {
    const options = { env: { ...process.env, ...env } };
    const { stdout, stderr } = await execFileLater('bash', ['-c', `exec 3</dev/null; ${command} | cat`], options);
    return stdout + stderr;
  };
  const plain = await seen(look);
  t.match(plain, /fdinfo\/3:flags/);
  t.equal(await seen(`'${process.execPath}' '${program}' exec --network lan -- ${look}`), plain);
});

t.test('printed', async (t) => {
  const { status, stdout } = await fdbrokerProcess(
    ['exec', '--print', '--', 'true', '-nic', 'fdbroker,network=lan'],
    env,
  );
  t.equal(status, 0);
  t.match(stdout, /^true -nic tap,fd=\d+,mac=52:54:00:00:00:01\n$/);
});

t.test('it loads neither yargs nor what only other commands need', async (t) => {
  const args = [program, 'exec', '--print', '--network=lan', '--', 'true'];
  const options = { env: { ...process.env, ...env, NODE_DEBUG: 'esm' } };
  const { stderr } = await execFileLater(process.execPath, args, options);
  t.match(stderr, /cli\/exec\.js/);
  t.notMatch(stderr, /node_modules\/(yargs|node-unix-socket|ini)\//);
});
