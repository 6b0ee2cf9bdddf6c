/** The words of `fdbroker open`, and what a script finds. */
import t from 'tap';
import { socketPair } from '../../src/kernel/seqpacket.js';
import { encodeReply, okReply } from '../../src/protocol/reply.js';
import { fdbroker, fdbrokerProcess } from '../support/fdbroker.js';
import { ScriptedServer } from '../support/scripted-server.js';

const [one, other] = socketPair('stream')._unsafeUnwrap();
t.teardown(() => [one, other].forEach((end) => end.close()));
const server = new ScriptedServer(({ request, send }) => {
  if (request.verb !== 'open') return send('');
  const { network, form, mac = '52:54:00:00:00:01', queues = 1, vhost } = request;
  const granted = { grant: '1a2b3c4d', network, form, mac, mtu: '9000', queues: String(queues) };
  const to = form === 'socket' ? { to: '239.1.2.3:5000' } : {};
  const idle = network === 'idle' ? { caution: 'the bridge br0 is down; ip link set br0 up' } : {};
  const fds = Array(vhost === 'auto' ? 2 * queues : queues).fill(one.fd);
  send(encodeReply(okReply({ ...granted, ...to, ...idle, vhost: vhost === 'auto' ? 'yes' : 'no' })), fds);
}).start();
t.teardown(() => server[Symbol.dispose]());
const env = { FDBROKER_SOCKET: server.path };

t.test('wrong words', async (t) => {
  const wrong: [words: string[], complaint: RegExp][] = [
    [['--', 'true'], /--network is missing/],
    [['--network=lan'], /a command is missing/],
    [['--network=lan', '--form=tun', '--', 'true'], /--form cannot be tun/],
    [['--network=lan', '--queues=0', '--', 'true'], /--queues takes a number from 1/],
    [['--network=lan', '--vhost=x', '--', 'true'], /--vhost takes on, off or auto/],
    [['--network=lan', '--network=lab', '--', 'true'], /--network stands more than once/],
    [['--network=lan', '--form=tap', '--', 'true', '{fd:lab}'], /\{fd:lab\} names none of the networks lan/],
  ];
  for (const [words, complaint] of wrong) {
    const { status, stderr } = await fdbroker(['open', ...words], { env });
    t.equal(status, 2, words.join(' '));
    t.match(stderr, complaint);
  }
});

t.test('a script has the numbers', async (t) => {
  const options = ['--network=lan', '--form=tap', '--queues=2', '--vhost=auto', '--mac=52:54:00:00:00:02'];
  const command = ['sh', '-c', 'echo "$FDBROKER_FDS" "$@"', 'sh', '{fd}', '{vhostfd}', '{mac}', '{mtu}'];
  const { status, stdout, stderr } = await fdbrokerProcess(['open', ...options, '--', ...command], env);
  t.equal(stderr, '');
  t.equal(status, 0);
  const [, fds, vhost] = /^lan=(\d+:\d+) lan:vhost=(\d+:\d+) /.exec(stdout) ?? [];
  t.equal(stdout, `lan=${fds} lan:vhost=${vhost} ${fds} ${vhost} 52:54:00:00:00:02 9000\n`);
});

t.test('a script is told where to send, where its socket is not connected', async (t) => {
  const command = ['sh', '-c', 'echo "$FDBROKER_TO" "$@"', 'sh', '{to}'];
  const run = (form: string) => fdbrokerProcess(['open', '--network=lan', `--form=${form}`, '--', ...command], env);
  t.same(await run('socket'), { status: 0, stdout: 'lan=239.1.2.3:5000 239.1.2.3:5000\n', stderr: '' });
  t.same(await run('dgram'), { status: 0, stdout: ' \n', stderr: '' });
  const inner = { ...env, FDBROKER_TO: 'lan=192.0.2.9:9' };
  const started = await fdbrokerProcess(['open', '--network=lan', '--form=dgram', '--', ...command], inner);
  t.equal(started.stdout, ' \n', 'and what an outer one was told is not handed on');
});

t.test('what keeps it from carrying anything is said', async (t) => {
  const run = await fdbrokerProcess(['open', '--network=idle', '--form=tap', '--', 'echo', 'there'], env);
  const stderr = 'fdbroker: network idle: the bridge br0 is down; ip link set br0 up\n';
  t.same(run, { status: 0, stdout: 'there\n', stderr });
});
