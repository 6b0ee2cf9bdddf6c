/** The host as the doctor sees it: everything is read, nothing is changed. Tests make hosts up. */

export interface FileFacts {
  readonly kind: 'file' | 'folder' | 'device' | 'socket' | 'other';
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
}

export interface Host {
  /** The machine's name as QEMU has it in `qemu-system-…`: `x86_64`. */
  readonly machine: string;
  /** The folders where programs are looked for, in order. */
  readonly path: readonly string[];
  /** The text of a file, without blanks at its ends; undefined: it is not there, or may not be read. */
  read(file: string): string | undefined;
  /** The names in a folder, sorted; undefined: it is not there, or may not be read. */
  list(folder: string): readonly string[] | undefined;
  /** Of what a symbolic link leads to; undefined: it is not there, or the way to it may not be gone. */
  stat(file: string): FileFacts | undefined;
  /** Whether this process may, by the kernel's word (access(2)). */
  may(file: string, how: 'open' | 'execute'): boolean;
  /** Runs a program to its end; undefined: it could not be started, or took too long. */
  run(program: string, args: readonly string[]): Ran | undefined;
}

export interface Ran {
  /** -1: a signal ended it. */
  readonly status: number;
  /** What it wrote to its standard output. */
  readonly output: string;
}

/** Whom file permissions are asked about. */
export interface Person {
  readonly uid: number;
  readonly groups: readonly number[];
}

/** Whether the permission bits let somebody read and write a file; access control lists are not looked at. */
export function mayUse({ uid, gid, mode }: FileFacts, person: Person): boolean {
  const shift = uid === person.uid ? 6 : person.groups.includes(gid) ? 3 : 0;
  return ((mode >> shift) & 0o6) === 0o6;
}

/** As chmod(1) takes it: `0660`. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** Whether systemd runs the host (sd_booted(3)). */
export function hasSystemd(host: Host): boolean {
  return host.stat('/run/systemd/system')?.kind === 'folder';
}

/** The absolute path of a program, or undefined. A name with a slash is a path already. */
export function findProgram(host: Host, name: string): string | undefined {
  const paths = name.includes('/') ? [name] : host.path.map((folder) => `${folder}/${name}`);
  return paths.find((file) => host.stat(file)?.kind === 'file' && host.may(file, 'execute'));
}
