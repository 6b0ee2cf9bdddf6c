/** The lock beside the control socket: who has it, who waits for it, and that it ends with its broker. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { lockBeside, removeLock } from '../../src/broker/socket-lock.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { lockFile } from '../../src/kernel/process.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import { ask, dataOf } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, until } from '../support/daemon.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';
import { switchPids } from '../support/switch-pids.js';
import { temporaryFolder } from '../support/temporary.js';

inPrivateNamespace();
sh('ip link add here type veth peer name there; ip link set here up; ip link set there up');
sh('ip address add 192.0.2.1/24 dev here');

/** Another process that has the lock for so many seconds. */
async function holder(path: string, seconds: number): Promise<number> {
  const script = 'exec 9>>"$1"; flock 9; echo locked; exec sleep "$2"';
  const words = ['-c', script, 'sh', `${path}.lock`, String(seconds)];
  const child = spawn('/bin/sh', words, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid as number;
}

t.test('it is signed, and kept from others, who are told by whom', async (t) => {
  const path = join(temporaryFolder(t), 'control');
  const lock = lockBeside(path)._unsafeUnwrap();
  t.equal(readFileSync(`${path}.lock`, 'utf8'), `${process.pid}\n`);
  const refused = new RegExp(`another fdbrokerd \\(process ${process.pid}\\) serves ${path}; stop it, or choose`);
  t.match(lockBeside(path, 0)._unsafeUnwrapErr(), refused);
  removeLock({ path, lock });
  t.notOk(existsSync(`${path}.lock`));
});

t.test('whoever is about to end is waited for', async (t) => {
  const path = join(temporaryFolder(t), 'control');
  writeFileSync(`${path}.lock`, `${await holder(path, 0.3)}\n`);
  removeLock({ path, lock: lockBeside(path, 60_000)._unsafeUnwrap() });
});

t.test('a process that has ended and was not asked for by its parent is dead', async (t) => {
  const path = join(temporaryFolder(t), 'control');
  await holder(path, 600);
  // The shell itself would ask for its end
  const child = 'until grep -q sleep /proc/$PPID/comm; do sleep 0.01; done';
  const script = `sh -c '${child}' & echo $!; exec sleep 600`;
  const parent = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => parent.kill('SIGKILL'));
  const zombie = String((await once(parent.stdout, 'data'))[0]).trim();
  await until(() => /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${zombie}/stat`, 'utf8')));
  writeFileSync(`${path}.lock`, `${zombie}\n`);
  removeLock({ path, lock: lockBeside(path)._unsafeUnwrap() });
});

t.test('restarts back to back, while switch and keeper run on', async (t) => {
  const lab = { type: 'multicast', group: '239.1.2.3', port: 5000, interface: 'here', loop: 'yes' };
  const daemon = new Daemon(t, brokerConfig({ networks: { lab }, rule: { 'max-ports': 2 } }));
  await daemon.start();
  const ends: OwnedFd[] = [];
  for (let i = 0; i < 2; i += 1) {
    const { fds } = await ask(daemon.socket, { verb: 'open', network: name('lab'), form: 'dgram', vnetHdr: false });
    ends.push(...fds);
  }
  const [one, other] = ends;
  if (one === undefined || other === undefined) throw new Error('no network');
  t.teardown(() => ends.map((end) => end.close()));
  const ports = async () => dataOf(await ask(daemon.socket, { verb: 'ports' }));
  const serves = async () => {
    if (/another fdbrokerd/.test(daemon.stderr)) throw new Error(daemon.stderr);
    const { reply } = await ask(daemon.socket, { verb: 'status' }).catch(() => ({ reply: undefined }));
    return reply?.status === 'ok' && dataOf({ reply, fds: [] })['pid'] === daemon.pid;
  };
  const before = await ports();
  t.equal(before.length, 2);
  for (let round = 0; round < 20; round += 1) {
    // And not waited for
    daemon.signal(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
    await daemon.start();
    await until(serves);
    t.same(await ports(), before);
    const bytes = frame(broadcast, station(round + 1));
    await until(() => {
      send(one.fd, bytes, []).unwrapOr(undefined);
      const received = receive(other.fd, 0)._unsafeUnwrap();
      return received.tag === 'message' && Buffer.from(bytes).equals(received.bytes);
    });
  }
  const [carrying] = switchPids(daemon.socket);
  await daemon.kill('SIGKILL');
  t.same(switchPids(daemon.socket), [carrying]);
  const fd = openSync(`${daemon.socket}.lock`, 'r');
  t.equal(lockFile(fd)._unsafeUnwrap(), true, 'the switch has not inherited the lock');
  closeSync(fd);
});
