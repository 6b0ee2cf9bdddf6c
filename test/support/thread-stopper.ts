/** Makes one thread of a process hang, as the process sees it (thread-stopper.c), and finds the one to do it to. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { inProject } from './project.js';
import { temporaryFolder } from './temporary.js';

/** Compiles the program. @returns its path. */
export function compileStopper(t: Test): string {
  const program = join(temporaryFolder(t), 'thread-stopper');
  execFileSync('cc', ['-Wall', '-Wextra', '-Werror', '-o', program, inProject('test/support/thread-stopper.c')]);
  return program;
}

/** Until the test ends, or the process does. @returns why not, as where nobody may trace; undefined: it has stopped. */
export async function stopThread(t: Test, program: string, thread: number): Promise<string | undefined> {
  const child = spawn(program, [String(thread)], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const said = await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')]);
  const text = String(said[0]).trim();
  return text === 'stopped' ? undefined : text;
}

/** Nanoseconds that each thread of a process has run (proc(5), schedstat). */
function timesOf(pid: number): Map<number, number> {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const time = (task: string) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  return new Map(tasks.map((task) => [Number(task), time(task)]));
}

/** Which thread of a process has run most during what was done. */
export async function busiestThread(pid: number, work: () => Promise<void>): Promise<number> {
  const before = timesOf(pid);
  await work();
  const ran = [...timesOf(pid)].map(([task, time]) => [task, time - (before.get(task) ?? 0)] as const);
  return ran.reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}
