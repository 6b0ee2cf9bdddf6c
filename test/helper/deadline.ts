/** The helper ends within its timeout, whatever the broker does. No time is asserted: only that it ends, and how. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import t from 'tap';
import { accept, connectSeqpacket, listenSeqpacket, ownFd } from '../../src/kernel/seqpacket.js';
import { assertRefusal, exit, onEachBuild, qemuArguments, type Stage } from '../support/helper-stage.js';
import { fixture } from '../support/messages.js';
import { ScriptedServer } from '../support/scripted-server.js';
import { until } from '../support/until.js';

const oneSecond = ['--timeout=1', ...qemuArguments];

async function assertTimeout(t: Test, stage: Stage, path: string, name: string): Promise<void> {
  const outcome = await stage.run({}, `--socket=${path}`, ...oneSecond);
  const sentence = new RegExp(`the broker at ${path} did not answer within 1 s; see whether .* --timeout=`);
  assertRefusal(t, outcome, exit.timedOut, sentence, name);
}

/** Of a process that this one started, the only child. */
function childOf(pid: number | undefined): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
}

const stateOf = (pid: number) => /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

onEachBuild(t, async (t, stage) => {
  // They wait at the same time.
  t.jobs = 8;
  t.test('a broker that does not accept', { buffered: true }, async (t) => {
    using server = new ScriptedServer(() => undefined);
    await assertTimeout(t, stage, server.path, 'and has room for connections');
  });

  t.test('a broker that does not accept and has no room for connections', { buffered: true }, async (t) => {
    using server = new ScriptedServer(() => undefined, { backlog: 1 });
    const others = [];
    for (let other = connectSeqpacket(server.path); other.isOk(); other = connectSeqpacket(server.path)) {
      others.push(other.value);
    }
    await assertTimeout(t, stage, server.path, `after ${others.length} others`);
    for (const other of others) other.close();
  });

  t.test('a broker that accepts and does not read', { buffered: true }, async (t) => {
    const path = `${stage.folder}/${t.parent?.name.replaceAll(' ', '-')}`;
    using listener = listenSeqpacket(path, { mode: 0o600 })._unsafeUnwrap();
    const outcome = assertTimeout(t, stage, path, 'and leaves the connection open');
    for (let connection = accept(listener.fd)._unsafeUnwrap(); ; connection = accept(listener.fd)._unsafeUnwrap()) {
      if (connection !== undefined) {
        await outcome;
        return connection.fd.close();
      }
      await delay(5);
    }
  });

  t.test('a broker that reads and does not answer', { buffered: true }, async (t) => {
    using server = new ScriptedServer(() => undefined).start();
    await assertTimeout(t, stage, server.path, 'and leaves the connection open');
    // On a busy machine this server may be the later one
    await until(() => server.requests.length > 0);
    t.equal(server.requests.length, 1);
  });

  t.test('a broker that was stopped', { buffered: true }, async (t) => {
    const path = `${stage.folder}/${t.parent?.name.replaceAll(' ', '-')}-stopped`;
    const module = new URL('../../src/kernel/seqpacket.js', import.meta.url);
    const script = `import { listenSeqpacket } from '${module}';
      globalThis.listener = listenSeqpacket('${path}', { mode: 0o600 })._unsafeUnwrap();
      setInterval(() => process.exit(), 60000); console.log('listening');`;
    const broker = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => broker.kill('SIGKILL'));
    await once(broker.stdout, 'data');
    broker.kill('SIGSTOP');
    await assertTimeout(t, stage, path, 'by a signal');
  });

  t.test('the timeout is 10 seconds where none is given', { buffered: true }, async (t) => {
    let qemu: number | undefined;
    // The alarm comes at once, for the test's sake.
    using server = new ScriptedServer(() => process.kill(childOf(qemu), 'SIGALRM')).start();
    const meanwhile = ({ pid }: { pid?: number | undefined }) => {
      qemu = pid;
    };
    const outcome = await stage.run({ meanwhile }, `--socket=${server.path}`, ...qemuArguments);
    assertRefusal(t, outcome, exit.timedOut, /did not answer within 10 s;/, 'said in the sentence');
  });

  t.test('a helper that is stopped and continued while it waits', { buffered: true }, async (t) => {
    let qemu: number | undefined;
    using opened = ownFd(openSync('/etc/passwd', 'r'));
    using server = new ScriptedServer(async (conversation) => {
      const helper = childOf(qemu);
      process.kill(helper, 'SIGSTOP');
      while (stateOf(helper) !== 'T') await delay(1);
      for (const signal of ['SIGWINCH', 'SIGCHLD', 'SIGURG', 'SIGCONT'] as const) process.kill(helper, signal);
      while (stateOf(helper) !== 'S') await delay(1);
      conversation.send(fixture('replies', 'opened'), [opened.fd]);
    }).start();
    const meanwhile = ({ pid }: { pid?: number | undefined }) => {
      qemu = pid;
    };
    const outcome = await stage.run({ meanwhile }, `--socket=${server.path}`, ...qemuArguments);
    t.match(outcome, { bytes: 1, descriptors: 1, status: exit.done, stderr: '' });
  });

  t.test('a timeout whose sentence nobody reads', { buffered: true }, async (t) => {
    using server = new ScriptedServer(() => undefined);
    const outcome = await stage.run({ scene: 'p' }, `--socket=${server.path}`, ...oneSecond);
    t.match(outcome, { bytes: 0, descriptors: 0, error: 0, status: exit.timedOut, signal: 0 });
  });
});
