/** A broker that systemd starts: it says when it is ready, and is one on its socket however that came to it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { DgramSocket } from 'node-unix-socket';
import t, { type Test } from 'tap';
import { native } from '../../src/kernel/native.js';
import { ownFd } from '../../src/kernel/seqpacket.js';
import { ask } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, program } from '../support/daemon.js';
import { inPrivateNamespace } from '../support/namespace.js';

inPrivateNamespace();

const config = brokerConfig();

/** The shell learns the process id that the broker will have. */
const handOver = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"';

function start(
  t: Test,
  daemon: Daemon,
  fd: number | 'ignore',
  environment: NodeJS.ProcessEnv = {},
  wrapper: readonly string[] = [],
): ChildProcess {
  const broker = [process.execPath, program, '--config', daemon.config];
  const [command = '', ...args] = [...wrapper, '/bin/sh', '-c', handOver, 'sh', ...broker];
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe', fd],
    env: { ...process.env, ...environment },
  });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

async function endOf(child: ChildProcess): Promise<{ status: number; stderr: string }> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [status] = await once(child, 'close');
  return { status, stderr };
}

t.test('it says when it is ready, and keeps a second broker off the same socket', async (t) => {
  const daemon = new Daemon(t, config);
  using listener = ownFd(native.openSeqpacket());
  t.equal(native.bindPath(listener.fd, daemon.socket), 0);
  t.equal(native.listen(listener.fd, 16), 0);
  const manager = new DgramSocket();
  const notify = `${daemon.folder}/notify`;
  manager.bind(notify);
  const child = start(t, daemon, listener.fd, { NOTIFY_SOCKET: notify });
  t.equal(String((await once(manager, 'data'))[0]), 'READY=1');
  t.equal((await ask(daemon.socket, { verb: 'status' })).reply?.status, 'ok');
  t.equal(readFileSync(`${daemon.socket}.lock`, 'utf8'), `${child.pid}\n`);

  const second = await endOf(start(t, daemon, listener.fd));
  t.equal(second.status, 1);
  t.match(second.stderr, new RegExp(`another fdbrokerd \\(process ${child.pid}\\) serves ${daemon.socket}`));

  child.kill('SIGTERM');
  t.equal((await endOf(child)).status, 0);
  manager.close();
});

/** A program that has a listening socket with an abstract name as descriptor 3, and becomes its arguments. */
const abstract = `#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(int count, char **words) {
    struct sockaddr_un address = {.sun_family = AF_UNIX}; /* alone: the kernel makes a name (unix(7), autobind) */
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) != 0 || listen(fd, 16) != 0) return 99;
    if (fd != 3) dup2(fd, 3);
    return count > 1 ? execv(words[1], words + 1) : 0;
}
`;

t.test('a socket that is bound to no path is refused', async (t) => {
  const daemon = new Daemon(t, config);
  const wrapper = `${daemon.folder}/abstract`;
  execFileSync('cc', ['-x', 'c', '-o', wrapper, '-'], { input: abstract });
  const { status, stderr } = await endOf(start(t, daemon, 'ignore', {}, [wrapper]));
  t.equal(status, 1);
  t.match(stderr, /descriptor 3 is bound to no path/);
});
