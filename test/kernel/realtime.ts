/** How the kernel treats a thread, by what /proc says of a process that asked. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import type { Realtime } from '../../src/kernel/realtime.js';

const root = process.geteuid?.() === 0;
const module = new URL('../../src/kernel/realtime.js', import.meta.url);

/** What applyRealtime says, the thread's status, and its scheduling policy. @param wrapper sets limits. */
function applied(realtime: Realtime, wrapper: readonly string[]) {
  const script = `import { readFileSync } from 'node:fs';
    import { applyRealtime } from ${JSON.stringify(module)};
    const done = applyRealtime(${JSON.stringify(realtime)});
    const status = readFileSync('/proc/thread-self/status', 'utf8');
    const stat = readFileSync('/proc/thread-self/stat', 'utf8').split(') ')[1].split(' ');
    process.stdout.write(JSON.stringify({ error: done.isErr() && done.error, status, priority: stat[37], policy: stat[38] }));`;
  const command = [...wrapper, process.execPath, '--input-type=module', '-e', script];
  const run = spawnSync(command[0] as string, command.slice(1), { encoding: 'utf8' });
  return JSON.parse(run.stdout || JSON.stringify({ error: run.stderr }));
}

const plain = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all'];
const limits = (rtprio: number, memlock: string) => ['prlimit', `--rtprio=${rtprio}`, `--memlock=${memlock}`, ...plain];
const canRaise = (limit: string) => root && spawnSync('prlimit', [limit, 'true']).status === 0;
const remedy = 'the limit cannot be raised here: run as root with CAP_SYS_RESOURCE';

t.test('processors', async (t) => {
  t.match(applied({ processors: [0], lockMemory: false }, []).status, /^Cpus_allowed_list:\t0$/m);
  t.match(applied({ processors: [1000], lockMemory: false }, []).error, /sched_setaffinity: EINVAL.*nproc/);
  t.match(applied({ processors: [100_000], lockMemory: false }, []).error, /EINVAL/);
});

t.test('priority', { skip: !canRaise('--rtprio=10') && remedy }, async (t) => {
  t.match(applied({ priority: 10, lockMemory: false }, limits(10, '65536')), {
    error: false,
    priority: '10',
    policy: '1',
  });
  t.match(
    applied({ priority: 11, lockMemory: false }, limits(10, '65536')).error,
    /sched_setscheduler: EPERM.*raise LimitRTPRIO/,
  );
});

t.test('more than may be had', async (t) => {
  t.match(applied({ priority: 99, lockMemory: false }, root ? plain : []).error, /EPERM.*raise LimitRTPRIO/);
  const little = ['prlimit', '--memlock=65536', ...(root ? plain : [])];
  t.match(applied({ lockMemory: true }, little).error, /mlockall: (ENOMEM|EPERM).*raise LimitMEMLOCK/);
});

t.test('memory', { skip: !canRaise('--memlock=unlimited') && remedy }, async (t) => {
  const { error, status } = applied({ lockMemory: true }, limits(0, 'unlimited'));
  t.equal(error, false);
  t.ok(Number(/^VmLck:\s*(\d+)/m.exec(status)?.[1]) > 0);
});

t.test('nothing that was not asked for', async (t) => {
  t.match(applied({ lockMemory: false }, []), { error: false, policy: '0' });
});
