/** What a process was given is told from what Node opens as it starts. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import t from 'tap';
import { inProject } from '../support/project.js';

const tell = `import { inheritedFds } from '${inProject('build/src/kernel/inherited.js')}';
  console.log(inheritedFds().join(' '));`;

function told(stdio: ('ignore' | 'pipe' | number)[]): number[] {
  const args = ['--input-type=module', '-e', tell];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...stdio],
    encoding: 'utf8',
  });
  if (stderr !== '') throw new Error(stderr);
  return stdout.split(/\s+/).filter(Boolean).map(Number);
}

const file = openSync('/etc/passwd', 'r');
t.teardown(() => closeSync(file));
const own = told([]);
t.same(told([file]), [...new Set([3, ...own])], 'a file');
t.same(told([file, 'pipe', 'pipe', file]).slice(0, 4), [3, 4, 5, 6], 'sockets and files, all in their places');
