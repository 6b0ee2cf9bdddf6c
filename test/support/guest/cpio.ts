/** Archives that the kernel unpacks as its first file system: cpio's "newc" form (Documentation/driver-api/early-userspace). */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface ArchiveEntry {
  /** Without a slash at the beginning; every folder of it comes before. */
  readonly path: string;
  /** Type and permissions, as in stat(2). */
  readonly mode: number;
  /** The contents, or the path of a file here that has them. */
  readonly data?: Buffer | string;
  /** Of a device, major and minor. */
  readonly device?: readonly [number, number];
}

const folder = 0o040755;
const program = 0o100755;
const trailer: ArchiveEntry = { path: 'TRAILER!!!', mode: 0 };

/** A file that may also be run. */
export function fileEntry(path: string, data: Buffer | string): ArchiveEntry {
  return { path, mode: program, data };
}

/** The same entries with every folder they need before them, each path once. */
export function withFolders(entries: readonly ArchiveEntry[]): ArchiveEntry[] {
  const ordered = new Map<string, ArchiveEntry>();
  const addFolder = (path: string) => {
    if (path === '.' || ordered.has(path)) return;
    addFolder(dirname(path));
    ordered.set(path, { path, mode: folder });
  };
  for (const entry of entries) {
    addFolder(dirname(entry.path));
    ordered.set(entry.path, entry);
  }
  return [...ordered.values()];
}

/** The archive piece by piece. Everything in it belongs to root. */
export function* archive(entries: readonly ArchiveEntry[]): Generator<Buffer> {
  let inode = 0;
  for (const entry of [...entries, trailer]) {
    inode++;
    const data = typeof entry.data === 'string' ? readFileSync(entry.data) : (entry.data ?? Buffer.alloc(0));
    yield padded(Buffer.from(`070701${header(entry, inode, data.length)}${entry.path}\0`));
    yield padded(data);
  }
}

function header({ path, mode, device: [major, minor] = [0, 0] }: ArchiveEntry, inode: number, size: number): string {
  const [uid, gid, links, time, heldByMajor, heldByMinor, check] = [0, 0, 1, 0, 0, 0, 0];
  const nameSize = Buffer.byteLength(path) + 1;
  const fields = [inode, mode, uid, gid, links, time, size, heldByMajor, heldByMinor, major, minor, nameSize, check];
  return fields.map((field) => field.toString(16).padStart(8, '0')).join('');
}

/** Header with name, and data, each end at a multiple of four bytes. */
function padded(piece: Buffer): Buffer {
  const missing = -piece.length & 3;
  return missing === 0 ? piece : Buffer.concat([piece, Buffer.alloc(missing)]);
}
