/** A copy of compiled layers with the addon, where any user may read it, or with another addon in place. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lifetime } from './daemon.js';
import { inProject } from './project.js';

/** The folder that holds src/, test/ and native/, compiled. */
const build = fileURLToPath(new URL('../../', import.meta.url));

/** The layers that the kernel layer needs, with itself. */
const kernelParts = ['src/core', 'src/kernel', 'native'];
/** What `fdbroker exec`, `open`, `attach` and `detach` need. */
export const programParts = ['src', 'native'];

/** @returns its path; it ends with the test. */
export function copyBuild(t: Lifetime, parts: readonly string[] = kernelParts): string {
  const project = mkdtempSync(join(tmpdir(), 'fdb-'));
  t.teardown(() => rmSync(project, { recursive: true, force: true }));
  chmodSync(project, 0o755);
  const folder = join(project, 'build');
  mkdirSync(folder);
  cpSync(inProject('package.json'), join(folder, 'package.json'));
  for (const part of parts) {
    cpSync(join(build, part), join(folder, part), { recursive: true, dereference: true });
  }
  cpSync(inProject('node_modules/neverthrow'), join(folder, 'node_modules/neverthrow'), { recursive: true });
  return folder;
}

/** The same with the kernel layer's tests and all packages. */
export function copyBuildWithTests(t: Lifetime): string {
  // The tests make frames by what the switch knows of them
  const folder = copyBuild(t, [...kernelParts, 'src/switch']);
  rmSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(inProject('node_modules'), join(folder, 'node_modules'));
  // For what a test compiles: its sources are beside the build.
  symlinkSync(inProject('test'), join(folder, '../test'));
  mkdirSync(join(folder, 'test'));
  for (const part of ['test/kernel', 'test/support'])
    cpSync(join(build, part), join(folder, part), { recursive: true });
  return folder;
}
