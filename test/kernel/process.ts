import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DgramSocket } from 'node-unix-socket';
import t from 'tap';
import {
  execInPlace,
  isRunning,
  keepOnExec,
  lockFile,
  neverWait,
  notifySystemd,
  pidfdOpen,
  processName,
  closeOnExec as setCloseOnExec,
} from '../../src/kernel/process.js';
import { closeOnExec, flagsOf, nonBlocking } from '../support/descriptors.js';
import { temporaryFolder } from '../support/temporary.js';

const url = JSON.stringify(new URL('../../src/kernel/process.js', import.meta.url).href);

t.test('a file is locked by one open file at a time', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  writeFileSync(path, '');
  const [one, other] = [openSync(path, 'r'), openSync(path, 'r')];
  t.equal(lockFile(one)._unsafeUnwrap(), true);
  t.equal(lockFile(one)._unsafeUnwrap(), true, 'again is no harm');
  t.equal(lockFile(other)._unsafeUnwrap(), false);
  closeSync(one);
  t.equal(lockFile(other)._unsafeUnwrap(), true);
  closeSync(other);
  t.match(lockFile(0x7fff_ffff)._unsafeUnwrapErr(), { call: 'flock', code: 'EBADF' });
});

t.test('which processes there are', async (t) => {
  t.ok(isRunning(process.pid));
  t.ok(isRunning(1), 'whoever’s');
  const { pid } = spawnSync('true');
  t.notOk(isRunning(pid));
});

t.test('execInPlace takes arguments, environment, the standard streams and what is kept', async (t) => {
  const path = join(temporaryFolder(t), 'kept');
  writeFileSync(path, 'kept\n');
  const program = `
    import { openSync } from 'node:fs';
    import { execInPlace, keepOnExec } from ${url};
    const [kept, lost] = [openSync(${JSON.stringify(path)}), openSync('/dev/null')];
    keepOnExec(kept)._unsafeUnwrap();
    const script = 'echo "$0 $1 $A [$HOME]"; cat /proc/$$/fd/' + kept + ' -; ls /proc/$$/fd/' + lost + ' || echo lost >&2';
    const failed = execInPlace('/bin/sh', ['sh', '-c', script, 'zero', 'öne two'], { A: 'a=b', B: undefined, PATH: process.env.PATH });
    console.log(failed);`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    input: 'input\n',
  });
  t.equal(run.stdout, 'zero öne two a=b []\nkept\ninput\n');
  t.match(run.stderr, /No such file or directory\nlost\n$/);
  t.equal(run.status, 0);
});

t.test('execInPlace leaves no signal ignored or blocked', async (t) => {
  const program = `
    import { execInPlace } from ${url};
    import { readFileSync } from 'node:fs';
    process.stdout.write(readFileSync('/proc/self/status'));
    execInPlace('/bin/cat', ['cat', '/proc/self/status'], {});`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  const ignored = [...run.stdout.matchAll(/^SigIgn:\s*(\S+)/gm)].map(([, mask]) => BigInt(`0x${mask}`));
  const blocked = [...run.stdout.matchAll(/^SigBlk:\s*(\S+)/gm)].map(([, mask]) => BigInt(`0x${mask}`));
  const sigpipe = 1n << 12n;
  // glibc's own two for threads, which no program may set and which posix_spawn(3), as in make, leaves ignored
  const threads = 3n << 31n;
  t.equal(ignored.length, 2);
  t.equal((ignored[0] ?? 0n) & sigpipe, sigpipe, 'Node ignores it');
  t.equal((ignored[1] ?? sigpipe) & ~threads, 0n);
  t.equal(blocked[1], 0n);
});

t.test('execInPlace gives a program the beginning that it is told', async (t) => {
  const begin = (beginning: string) => {
    const program = `import { execInPlace } from ${url};
      execInPlace('/bin/sh', ['sh', '-c', 'ulimit -Sn; exec cat /proc/self/status'], {}, ${beginning});`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    const field = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(run.stdout)?.[1] ?? 0}`);
    return { limit: run.stdout.split('\n')[0], ignored: field('SigIgn') & ~(3n << 31n), status: run.stderr };
  };
  t.same(begin('{ openFiles: 77, ignored: 0x801n, blocked: 0n }'), { limit: '77', ignored: 0x801n, status: '' });
  const now = begin('{ ignored: 1n << 63n, blocked: 0n }');
  t.same(begin('{ openFiles: 2 ** 31 - 1, ignored: 1n << 63n, blocked: 0n }'), now, 'more than there is');
  t.equal(now.ignored, 1n << 63n);
  t.match(begin('{ ignored: 1n << 64n, blocked: 0n }').status, /signals must be a bigint of 64 bits/);
  // No shell in between, which would unblock them
  const blocked = `import { execInPlace } from ${url};
    execInPlace('/bin/cat', ['cat', '/proc/self/status'], {}, { ignored: 0n, blocked: 0x4002n });`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', blocked], { encoding: 'utf8' });
  t.match(run.stdout, /^SigBlk:\s*0000000000004002$/m);
});

t.test('execInPlace that fails comes back', async (t) => {
  const before = /^SigIgn:.*$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[0];
  t.match(execInPlace('/nowhere/at/all', ['x'], {}), {
    tag: 'sys',
    call: 'execve',
    code: 'ENOENT',
    detail: '/nowhere/at/all',
  });
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const other = { openFiles: 99, ignored: 0x801n, blocked: 0x801n };
  t.match(execInPlace('/dev/null', ['x'], {}, other), { code: 'EACCES' });
  t.equal(readFileSync('/proc/self/limits', 'utf8'), limits);
  t.match(readFileSync('/proc/thread-self/status', 'utf8'), /^SigBlk:\s*0+$/m);
  t.equal(/^SigIgn:.*$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[0], before);
  const fd = openSync('/dev/null', 'r');
  t.ok(flagsOf(fd) & closeOnExec);
  t.ok(keepOnExec(fd).isOk());
  t.notOk(flagsOf(fd) & closeOnExec);
  t.ok(setCloseOnExec(fd).isOk());
  t.ok(flagsOf(fd) & closeOnExec);
  closeSync(fd);
  t.equal(keepOnExec(fd)._unsafeUnwrapErr().code, 'EBADF');
  t.equal(setCloseOnExec(fd)._unsafeUnwrapErr().code, 'EBADF');
});

t.test('a pipe is never waited for, and a file stays as it is', async (t) => {
  const pipe = join(temporaryFolder(t), 'pipe');
  t.equal(spawnSync('mkfifo', [pipe]).status, 0);
  for (const [path, expected] of [
    [pipe, nonBlocking],
    ['/dev/null', 0],
  ] as const) {
    const fd = openSync(path, 'r+');
    t.equal(flagsOf(fd) & nonBlocking, 0);
    t.ok(neverWait(fd).isOk());
    t.equal(flagsOf(fd) & nonBlocking, expected, path);
    closeSync(fd);
    t.equal(neverWait(fd)._unsafeUnwrapErr().code, 'EBADF');
  }
});

t.test('the service manager is told', async (t) => {
  const path = join(temporaryFolder(t), 'notify');
  const before = process.env['NOTIFY_SOCKET'];
  t.teardown(() => {
    if (before === undefined) delete process.env['NOTIFY_SOCKET'];
    else process.env['NOTIFY_SOCKET'] = before;
  });
  process.env['NOTIFY_SOCKET'] = path;
  t.equal(notifySystemd('READY=1')._unsafeUnwrapErr().code, 'ENOENT');
  const manager = new DgramSocket();
  manager.bind(path);
  t.ok(notifySystemd('READY=1\nSTATUS=ä').isOk());
  const [message] = await once(manager, 'data');
  t.equal(String(message), 'READY=1\nSTATUS=ä');
  manager.close();
  process.env['NOTIFY_SOCKET'] = `@fdbroker-test-${process.pid}`;
  t.equal(notifySystemd('READY=1')._unsafeUnwrapErr().code, 'ECONNREFUSED', 'an abstract name nobody has');
  process.env['NOTIFY_SOCKET'] = 'vsock:2:1234';
  t.equal(notifySystemd('READY=1')._unsafeUnwrapErr().code, 'EAFNOSUPPORT');
  process.env['NOTIFY_SOCKET'] = `/${'x'.repeat(108)}`;
  t.equal(notifySystemd('READY=1')._unsafeUnwrapErr().code, 'ENAMETOOLONG');
  delete process.env['NOTIFY_SOCKET'];
  t.ok(notifySystemd('READY=1').isOk(), 'not asked for');
});

t.test('other processes', async (t) => {
  using self = pidfdOpen(process.pid)._unsafeUnwrap();
  t.match(readFileSync(`/proc/self/fdinfo/${self.fd}`, 'utf8'), new RegExp(`^Pid:\\s*${process.pid}$`, 'm'));
  t.equal(pidfdOpen(2 ** 22 + 1)._unsafeUnwrapErr().code, 'ESRCH', 'beyond any pid_max');
  t.equal(pidfdOpen(0)._unsafeUnwrapErr().code, 'EINVAL');
  t.equal(processName(process.pid), readFileSync('/proc/self/comm', 'utf8').trim());
  t.equal(processName(2 ** 22 + 1), undefined);
});
