/** Where the control socket comes from: bound, handed over by systemd, or in a user's own place. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connectSeqpacket, listenSeqpacket } from '../../src/kernel/seqpacket.js';
import { ask, connect } from '../support/ask.js';
import { program, until } from '../support/daemon.js';
import { noNobody } from '../support/nobody.js';
import { temporaryFolder } from '../support/temporary.js';

const config = '[broker]\nsocket-mode = 0640\n';

function place(t: Test): { folder: string; file: string; socket: string } {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o755);
  const file = join(folder, 'fdbroker.ini');
  writeFileSync(file, config, { mode: 0o644 });
  return { folder, file, socket: join(folder, 'control') };
}

type Environment = Record<string, string>;

/** @param extra descriptor 3 of the program. */
function start(t: Test, args: readonly string[], environment: Environment = {}, extra?: number) {
  const options = { env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', 'pipe', extra ?? 'ignore'] };
  const shell = ['-c', 'if [ -n "$LISTEN_FDS" ]; then export LISTEN_PID=$$; fi; exec "$@"', 'sh'];
  const child = spawn('/bin/sh', [...shell, process.execPath, program, ...args], options as never);
  let said = '';
  child.stderr?.on('data', (text) => {
    said += text;
  });
  const ended = once(child, 'close');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, ended, said: () => said };
}

async function serves(socket: string): Promise<boolean> {
  // A stale one refuses connections
  const connection = connectSeqpacket(socket);
  if (connection.isErr()) return false;
  connection.value.close();
  return (await ask(socket, { verb: 'status' })).reply?.status === 'ok';
}

t.test('it is bound with the mode that the configuration says, and a stale file is replaced', async (t) => {
  const { file, socket } = place(t);
  const user = process.geteuid?.() === 0 ? [] : ['--user'];
  listenSeqpacket(socket, { mode: 0o600 })._unsafeUnwrap().close();
  start(t, ['--config', file, '--socket', socket, ...user]);
  await until(() => serves(socket));
  t.equal(statSync(socket).mode & 0o777, 0o640);
});

t.test('in a folder of somebody else it serves, and tells what it cannot do there', { skip: noNobody }, async (t) => {
  const { folder, file } = place(t);
  const other = join(folder, 'run');
  mkdirSync(other, { mode: 0o755 });
  chownSync(other, 65_534, 65_534);
  const broker = start(t, ['--config', file, '--socket', join(other, 'control')]);
  await until(() => serves(join(other, 'control')));
  t.match(
    broker.said(),
    `fdbrokerd: no network of the switch can be had: the broker, of uid 0, may not write in ${other}`,
  );
});

t.test('a file that is no socket is left alone', async (t) => {
  const { file, socket } = place(t);
  writeFileSync(socket, 'precious');
  const user = process.geteuid?.() === 0 ? [] : ['--user'];
  const refused = start(t, ['--config', file, '--socket', socket, ...user]);
  t.equal((await refused.ended)[0], 1);
  t.match(refused.said(), /is no socket; it is left alone/);
  t.equal(readFileSync(socket, 'utf8'), 'precious');
});

t.test('a start that is refused leaves nothing behind', async (t) => {
  const { folder, file } = place(t);
  const user = process.geteuid?.() === 0 ? [] : ['--user'];
  const cases: [socket: string, words: RegExp][] = [
    [join(folder, 'none/below/control'), /there is no folder .*\/none\/below; make it, or choose another place/],
    [join(folder, 'x'.repeat(108)), /cannot listen on .*x: .*; choose another place with --socket=PATH/],
  ];
  const before = readdirSync(folder);
  for (const [socket, words] of cases) {
    const refused = start(t, ['--config', file, '--socket', socket, ...user]);
    t.equal((await refused.ended)[0], 1);
    t.match(refused.said(), words);
    t.same(readdirSync(folder), before);
  }
});

t.test('a socket that systemd hands over is served, and left in the end', async (t) => {
  const { file, socket } = place(t);
  const user = process.geteuid?.() === 0 ? [] : ['--user'];
  const listener = listenSeqpacket(socket, { mode: 0o600 })._unsafeUnwrap();
  const first = start(t, ['--config', file, '--socket', '/nowhere/control', ...user], { LISTEN_FDS: '1' }, listener.fd);
  listener.close();
  t.ok(await serves(socket), 'a client that came before it was ready is served');
  first.child.kill('SIGTERM');
  t.equal((await first.ended)[0], 0, first.said());
  t.ok(existsSync(socket), 'the file is systemd’s to remove');
});

t.test('what is handed over must be one listening SEQPACKET socket', async (t) => {
  const { file, folder } = place(t);
  const user = process.geteuid?.() === 0 ? [] : ['--user'];
  const args = ['--config', file, '--socket', join(folder, 'control'), ...user];
  const wrong = start(t, args, { LISTEN_FDS: '1' });
  t.equal((await wrong.ended)[0], 1);
  t.match(wrong.said(), /descriptor 3 is no listening SOCK_SEQPACKET socket/);
  const many = start(t, args, { LISTEN_FDS: '2' });
  t.equal((await many.ended)[0], 1);
  t.match(many.said(), /2 sockets were handed over/);
});

t.test('--user: the user’s own configuration and socket', async (t) => {
  const folder = temporaryFolder(t);
  const home = { XDG_CONFIG_HOME: join(folder, 'config'), XDG_RUNTIME_DIR: join(folder, 'run') };
  mkdirSync(join(folder, 'config/fdbroker'), { recursive: true, mode: 0o755 });
  mkdirSync(join(folder, 'run'), { mode: 0o700 });
  const missing = start(t, ['--user'], home);
  t.equal((await missing.ended)[0], 1);
  t.match(missing.said(), /config\/fdbroker\/fdbroker.ini/);
  writeFileSync(join(folder, 'config/fdbroker/fdbroker.ini'), config, { mode: 0o644 });
  start(t, ['--user'], home);
  await until(() => serves(join(folder, 'run/fdbroker/control')));
  connect(join(folder, 'run/fdbroker/control')).close();
});

const listener = `#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(int count, char **words) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char text[64] = {0};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (count < 2) return 1;
    strncpy(name.sun_path, words[1], sizeof name.sun_path - 1);
    if (bind(fd, (struct sockaddr *)&name, sizeof name) != 0) return 1;
    puts("bound");
    fflush(stdout);
    while (strcmp(text, "STOPPING=1") != 0) {
        memset(text, 0, sizeof text);
        if (recv(fd, text, sizeof text - 1, 0) < 0) return 1;
        puts(text);
    }
    return 0;
}
`;

t.test('readiness, reloads and the end are told to systemd', async (t) => {
  const { folder, file, socket } = place(t);
  const user = process.geteuid?.() === 0 ? [] : ['--user'];
  const notified = join(folder, 'notify');
  execFileSync('cc', ['-x', 'c', '-o', join(folder, 'listener'), '-'], { input: listener });
  const listening = spawn(join(folder, 'listener'), [notified], { stdio: ['ignore', 'pipe', 'inherit'] });
  let heard = '';
  listening.stdout.on('data', (text) => {
    heard += text;
  });
  const closed = once(listening, 'close');
  await until(() => existsSync(notified));
  const { child, ended } = start(t, ['--config', file, '--socket', socket, ...user], { NOTIFY_SOCKET: notified });
  await until(() => serves(socket));
  child.kill('SIGHUP');
  await until(async () => (await ask(socket, { verb: 'status' })).reply?.status === 'ok');
  child.kill('SIGTERM');
  await ended;
  await closed;
  t.match(heard, /^bound\nREADY=1\nRELOADING=1\nREADY=1\nSTOPPING=1\n$/);
});

t.test('a lock whose owner is dead is no broker, whoever keeps it open', async (t) => {
  const { file, socket } = place(t);
  const user = process.geteuid?.() === 0 ? [] : ['--user'];
  const dead = spawn('true');
  await once(dead, 'close');
  // Stands in for the child of a dead broker that a client blocks for good
  const script = 'exec 9>>"$1"; flock 9; echo locked; exec sleep 600';
  const keeper = spawn('/bin/sh', ['-c', script, 'sh', `${socket}.lock`], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => keeper.kill('SIGKILL'));
  await once(keeper.stdout, 'data');
  writeFileSync(`${socket}.lock`, `${dead.pid}\n`);
  start(t, ['--config', file, '--socket', socket, ...user]);
  await until(() => serves(socket));
  const second = start(t, ['--config', file, '--socket', socket, ...user]);
  t.equal((await second.ended)[0], 1);
  t.match(second.said(), /another fdbrokerd \(process \d+\) serves/);
});
