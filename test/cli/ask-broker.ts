/** The commands that ask a broker, where there is none or a strange one. */
import { chmodSync, existsSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { systemSocket } from '../../src/client/socket-path.js';
import { encodeReply } from '../../src/protocol/reply.js';
import { fdbroker } from '../support/fdbroker.js';
import { asNobody, noNobody } from '../support/nobody.js';
import { ScriptedServer } from '../support/scripted-server.js';
import { temporaryFolder } from '../support/temporary.js';

const commands = [['networks'], ['ports'], ['status'], ['reload'], ['release', '1a2b3c4d']];

t.test('no broker', async (t) => {
  const socket = path.join(temporaryFolder(t), 'control');
  for (const command of commands) {
    const { status, stdout, stderr } = await fdbroker([...command, `--socket=${socket}`]);
    t.equal(status, 3, command.join(' '));
    t.equal(stdout, '');
    t.match(stderr, `fdbroker: no broker is running: ${socket} does not exist; start fdbrokerd`);
  }
});

t.test('a broker that says no', async (t) => {
  using server = new ScriptedServer(({ send }) =>
    send(encodeReply({ status: 'refused', message: 'not \u001b you' })),
  ).start();
  for (const command of commands) {
    const { status, stdout, stderr } = await fdbroker(command, { env: { FDBROKER_SOCKET: server.path } });
    t.equal(status, 1, command.join(' '));
    t.equal(stdout, '');
    t.match(stderr, /^fdbroker: (1a2b3c4d: )?not {3}you\n$/);
  }
});

t.test('a broker that answers nonsense, or not at all', async (t) => {
  using noise = new ScriptedServer(({ send }) => send('\u0000\n')).start();
  using silent = new ScriptedServer(() => {}).start();
  for (const command of commands) {
    const one = await fdbroker([...command, '--socket', noise.path]);
    t.equal(one.status, 3, command.join(' '));
    t.match(one.stderr, /makes no sense/);
    const other = await fdbroker([...command, '--socket', silent.path, '--timeout=0.2']);
    t.equal(other.status, 3, command.join(' '));
    t.match(other.stderr, /has not answered for 0\.2 s/);
  }
});

const served = existsSync(systemSocket) ? `a broker serves ${systemSocket} here` : false;

t.test('the other place that was looked at is named', { skip: served }, async (t) => {
  const runtime = temporaryFolder(t);
  const { status, stderr } = await fdbroker(['status'], { env: { XDG_RUNTIME_DIR: runtime } });
  t.equal(status, 3);
  t.match(stderr, `\nfdbroker: there is none at ${runtime}/fdbroker/control either\n`);
});

t.test('no access, with names', { skip: noNobody }, async (t) => {
  using server = new ScriptedServer(() => {}).start();
  chmodSync(path.dirname(server.path), 0o755);
  const { status, stderr } = await asNobody(() => fdbroker(['status', `--socket=${server.path}`]));
  t.equal(status, 3);
  t.match(stderr, /^fdbroker: permission denied at \S+: the socket is open to the user root alone/);
});
