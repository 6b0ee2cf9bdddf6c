/** Where the helper looks for the broker, and what it says of each way that leads nowhere. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import { ownFd } from '../../src/kernel/seqpacket.js';
import { assertRefusal, exit, onEachBuild, qemuArguments, type RunOptions } from '../support/helper-stage.js';
import { fixture } from '../support/messages.js';
import { ScriptedServer } from '../support/scripted-server.js';

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
/** Lines of /etc/group: groups that nobody is in. */
const groups = readFileSync('/etc/group', 'utf8')
  .split('\n')
  .map((line) => line.split(':'))
  .filter(([name = '', , gid]) => /^[a-z]+$/.test(name) && Number(gid) > 0 && Number(gid) < 1000);

/** Makes /run a folder of the run's own, does the steps there and runs the helper. */
const withRun = (...steps: string[]) => [
  'unshare',
  isRoot ? '--mount' : '--map-root-user',
  ...(isRoot ? [] : ['--mount']),
  '/bin/sh',
  '-ec',
  ['mount -t tmpfs none /run', ...steps, 'exec "$@"'].join('\n'),
  'sh',
];
const [unshare = '', ...rest] = withRun();
const skip =
  spawnSync(unshare, [...rest, 'true']).status === 0
    ? false
    : 'no mount namespace here: run as root or allow user namespaces';

onEachBuild(t, async (t, stage) => {
  const opened = ownFd(openSync('/etc/passwd', 'r'));
  const startBroker = () =>
    new ScriptedServer((conversation) => conversation.send(fixture('replies', 'opened'), [opened.fd])).start();
  const one = startBroker();
  const other = startBroker();
  t.teardown(() => {
    for (const each of [one, other, opened]) each[Symbol.dispose]();
  });
  const home = `${stage.helper}-home`;
  mkdirSync(home);
  symlinkSync(dirname(other.path), `${home}/fdbroker`);

  const run = (options: RunOptions, ...words: string[]) => stage.run(options, ...words, ...qemuArguments);
  /** Runs the helper, and this broker and no other has answered. */
  const asks = async (t: Test, broker: ScriptedServer, name: string, options: RunOptions, ...words: string[]) => {
    const before = [one, other].map(({ requests }) => requests.length);
    t.match(await run(options, ...words), { bytes: 1, descriptors: 1, status: exit.done, stderr: '' }, name);
    const asked = [one, other].filter(({ requests }, index) => requests.length !== before[index]);
    t.same(asked.length === 1 && asked[0] === broker, true, `${name}: which broker`);
  };
  const fails = async (t: Test, sentence: RegExp, name: string, options: RunOptions, ...words: string[]) =>
    assertRefusal(t, await run(options, ...words), exit.unreachable, sentence, name);

  t.test('a place that was named', async (t) => {
    const env = { FDBROKER_SOCKET: other.path, XDG_RUNTIME_DIR: home };
    await asks(t, one, '--socket=', { env }, `--socket=${one.path}`);
    await asks(t, other, '$FDBROKER_SOCKET', { env });
    const absent = /at \/nonexistent: No such file or directory; start fdbrokerd, or name its socket with --socket=/;
    await fails(t, absent, '--socket= of nothing', { env }, '--socket=/nonexistent');
    await fails(t, absent, '$FDBROKER_SOCKET of nothing', { env: { ...env, FDBROKER_SOCKET: '/nonexistent' } });
  });

  t.test('the usual places', { skip }, async (t) => {
    const env = { XDG_RUNTIME_DIR: home };
    const empty = { env: { ...env, FDBROKER_SOCKET: '' } };
    const system = withRun('mkdir /run/fdbroker', `mount --bind ${dirname(one.path)} /run/fdbroker`);
    await asks(t, one, 'the system comes first', { through: system, ...empty });
    await asks(t, other, 'then the user', { through: withRun(), ...empty });
    await asks(t, other, 'also where the folder is there', { through: withRun('mkdir /run/fdbroker'), env });

    const stale = withRun('mkdir /run/fdbroker', 'touch /run/fdbroker/control');
    const refused = /at \/run\/fdbroker\/control: Connection refused; start fdbrokerd/;
    await fails(t, refused, 'a system whose broker is not running', { through: stale, env });
    const both = /at \/run\/fdbroker\/control or \/nonexistent\/fdbroker\/control: No such file or directory; start/;
    await fails(t, both, 'neither', { through: withRun(), env: { XDG_RUNTIME_DIR: '/nonexistent' } });
    const systemAlone = /at \/run\/fdbroker\/control: No such file or directory; start fdbrokerd/;
    for (const XDG_RUNTIME_DIR of ['', 'tmp', './tmp']) {
      const name = `$XDG_RUNTIME_DIR is ${JSON.stringify(XDG_RUNTIME_DIR)}`;
      await fails(t, systemAlone, name, { through: withRun(), env: { XDG_RUNTIME_DIR } });
    }
    await fails(t, systemAlone, 'no $XDG_RUNTIME_DIR', { through: withRun() });
    const long = await run({ through: withRun(), env: { XDG_RUNTIME_DIR: `/${'x'.repeat(100)}` } });
    assertRefusal(t, long, exit.usage, /over 107 bytes/, '$XDG_RUNTIME_DIR is too long');
  });

  t.test('paths of every length', async (t) => {
    const path = (length: number) => `${home}/`.padEnd(length, 'x');
    symlinkSync(one.path, path(107));
    await asks(t, one, 'of 107 bytes', {}, `--socket=${path(107)}`);
    const long = await run({}, `--socket=${path(108)}`);
    assertRefusal(t, long, exit.usage, /over 107 bytes .*; name another/, 'of 108 bytes');
    const odd = await run({ env: { FDBROKER_SOCKET: '/tmp/a\nb' } });
    assertRefusal(t, odd, exit.usage, /is no UTF-8 text; name another/, 'with a line feed');
  });

  t.test('what is not the socket of a broker', async (t) => {
    writeFileSync(`${home}/file`, '');
    await fails(t, /file: Connection refused;/, 'a file', {}, `--socket=${home}/file`);
    await fails(t, /Connection refused;/, 'a folder', {}, `--socket=${home}`);
    const stream = createServer().listen(`${home}/stream`);
    await once(stream, 'listening');
    await fails(t, /stream: Protocol wrong type for socket;/, 'a stream socket', {}, `--socket=${home}/stream`);
    stream.close();
  });

  t.test('a socket of others', async (t) => {
    chmodSync(one.path, 0);
    chmodSync(dirname(one.path), 0o711);
    const user = isRoot ? { uid: nobody } : {};
    const closed =
      /permission denied at .*control: it or its folder is closed to you; ask an administrator \(socket-group/;
    await fails(t, closed, 'which permits nobody', user, `--socket=${one.path}`);
    if (!isRoot) return;
    const [[name = '', , gid] = []] = groups;
    chownSync(one.path, 0, Number(gid));
    chmodSync(one.path, 0o660);
    const open = new RegExp(`control: the socket is open to the group ${name}; join it \\(usermod -aG ${name} YOU\\)`);
    await fails(t, open, 'which permits a group', user, `--socket=${one.path}`);
    chownSync(one.path, 0, 4_000_000_000);
    await fails(t, closed, 'which permits a group without a name', user, `--socket=${one.path}`);
    chownSync(one.path, 0, 0);
    await fails(t, closed, 'which permits the group of root, that nobody joins', user, `--socket=${one.path}`);
    chownSync(one.path, 0, Number(gid));
    chmodSync(dirname(one.path), 0o700);
    await fails(t, closed, 'in a folder that is closed', user, `--socket=${one.path}`);
    chmodSync(dirname(one.path), 0o711);
  });
});
