/** A host made of a few files, folders, nodes and programs, for tests of what `fdbroker doctor` finds. */
import type { FileFacts, Host, Ran } from '../../src/cli/doctor/host.js';

export interface FakeHostParts {
  /** Text by path; the folders above are there too. */
  readonly files?: Readonly<Record<string, string>>;
  /** Further things by path, root's and mode 0666 unless they say otherwise. */
  readonly nodes?: Readonly<Record<string, Partial<FileFacts>>>;
  /** What a program prints, by its path and arguments in one line; undefined: it cannot be started. */
  readonly programs?: Readonly<Record<string, string | undefined>>;
  /** Paths that may be opened. */
  readonly open?: readonly string[];
  /** Paths that are there and may not be executed. */
  readonly inert?: readonly string[];
  readonly path?: readonly string[];
}

export function fakeHost(parts: FakeHostParts = {}): Host {
  const { files = {}, nodes = {}, programs = {}, open = [], inert = [] } = parts;
  const executables = new Set(Object.keys(programs).map((line) => line.split(' ')[0] as string));
  const everything = [...Object.keys(files), ...Object.keys(nodes), ...executables];
  const isFolder = (file: string) => everything.some((one) => one.startsWith(`${file}/`));
  return {
    machine: 'x86_64',
    path: parts.path ?? ['/usr/bin'],
    read: (file) => files[file],
    list: (folder) => {
      const below = everything.filter((one) => one.startsWith(`${folder}/`));
      const names = new Set(below.map((one) => one.slice(folder.length + 1).split('/')[0] as string));
      return isFolder(folder) ? [...names].sort() : undefined;
    },
    stat: (file) => {
      if (nodes[file] !== undefined) return { kind: 'device', uid: 0, gid: 0, mode: 0o666, ...nodes[file] };
      if (files[file] !== undefined) return { kind: 'file', uid: 0, gid: 0, mode: 0o644 };
      if (executables.has(file)) return { kind: 'file', uid: 0, gid: 0, mode: 0o755 };
      return isFolder(file) ? { kind: 'folder', uid: 0, gid: 0, mode: 0o755 } : undefined;
    },
    may: (file, how) => (how === 'open' ? open.includes(file) : executables.has(file) && !inert.includes(file)),
    run: (program, args): Ran | undefined => {
      const output = programs[[program, ...args].join(' ')];
      return output === undefined ? undefined : { status: output === 'fails' ? 1 : 0, output };
    },
  };
}

/** Findings as `level what | mend`, which is what the tables of a test hold. */
export function lines(
  findings: readonly { readonly level: string; readonly what: string; readonly mend: string | null }[],
): string[] {
  return findings.map(({ level, what, mend }) => `${level} ${what}${mend === null ? '' : ` | ${mend}`}`);
}
