/** What a guest needs to run tests of this project: Node, the programs that tests call, the compiled code, its packages. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inProject } from '../project.js';
import { type ArchiveEntry, fileEntry } from './cpio.js';
import { pathOf } from './initramfs.js';

/** The checkout, in the guest. */
export const projectInGuest = '/fdbroker';
const programs = ['ip', 'bridge', 'unshare', 'setpriv', 'prlimit'];
const packages = ['tap', 'ini', 'neverthrow', 'node-unix-socket', 'yargs'];
/** Compilers: named by packages that tests load, never loaded by a compiled test. */
const left = /(^|\/)node_modules\/(typescript|tshy|@typescript\/.*|@rollup\/.*)$/;
const code = /\.(js|mjs|cjs|json|node)$/;

export function projectEntries(): ArchiveEntry[] {
  const shell = pathOf('sh');
  const programPaths = [process.execPath, ...programs.map(pathOf)];
  const libraries = [shell, ...programPaths].flatMap(librariesOf);
  const build = ['src', 'test', 'native'].flatMap((part) => filesIn(`build/${part}`));
  const modules = packageFolders(packages).flatMap((folder) => filesIn(folder));
  return [
    // Busybox's own shell prefers its own ip to any other
    fileEntry('bin/sh', shell),
    ...programPaths.map((path) => fileEntry(`usr/sbin/${basename(path)}`, path)),
    ...[...new Set(libraries)].map((path) => fileEntry(path.slice(1), path)),
    ...['package.json', 'build/package.json', ...build, ...modules].map((path) =>
      fileEntry(`${projectInGuest.slice(1)}/${path}`, inProject(path)),
    ),
  ];
}

/** From ldd(1). */
export function librariesOf(program: string): string[] {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => /(?:=> |^\t)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** Files with code in a folder of the checkout; packages inside it have their own turn. */
function filesIn(folder: string): string[] {
  const names = readdirSync(inProject(folder), { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile() && code.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(inProject('').length))
    .filter((path) => !path.slice(folder.length).includes('/node_modules/'));
}

interface LockEntry {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The folders of packages and all that they depend on, by the lock file. */
function packageFolders(names: readonly string[]): string[] {
  const lock: Record<string, LockEntry> = JSON.parse(readFileSync(inProject('package-lock.json'), 'utf8')).packages;
  const found = new Set<string>();
  const add = (name: string, dependent: string) => {
    const folder = resolve(lock, name, dependent);
    if (folder === undefined || found.has(folder) || left.test(folder)) return;
    found.add(folder);
    const { dependencies, optionalDependencies, peerDependencies } = lock[folder] ?? {};
    for (const next of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      add(next, folder);
  };
  for (const name of names) add(name, '');
  // Of packages for other platforms there is but the name
  return [...found].filter((folder) => existsSync(inProject(folder)));
}

/** Node looks in the dependent's own folder first, then further out. */
function resolve(lock: Record<string, LockEntry>, name: string, dependent: string): string | undefined {
  for (let from = dependent; ; from = from.slice(0, Math.max(0, from.lastIndexOf('node_modules/') - 1))) {
    const folder = join(from, 'node_modules', name);
    if (folder in lock) return folder;
    if (from === '') return undefined;
  }
}
