/**
 * Reads files that only their rightful owner can have written. Owner and mode are those of the opened descriptor, so
 * what was checked is what is read; a FIFO or a device is never waited for.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync, type Stats } from 'node:fs';
import { ok, Result } from 'neverthrow';
import { type ValueError, valueError } from '../core/names.js';
import { refuse } from './refuse.js';

/** Bytes of the largest file. */
const largest = 4 * 1024 * 1024;
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** @param owner the uid it must belong to; root's is always good enough. */
export function readTrustedFile(path: string, owner: number): Result<Uint8Array, ValueError> {
  return withOpened(path, flags, (fd, stats) => {
    const what = fileProblem(stats) ?? distrust(path, stats, owner);
    return what === undefined ? readOpened(fd) : refuse(what);
  });
}

/** A file whose owner does not matter. */
export function readPlainFile(path: string): Result<Uint8Array, ValueError> {
  return withOpened(path, flags, (fd, stats) => {
    const what = fileProblem(stats);
    return what === undefined ? readOpened(fd) : refuse(what);
  });
}

/** Whether nobody else may put files there. */
export function checkTrustedDirectory(path: string, owner: number): Result<void, ValueError> {
  return withOpened(path, flags | constants.O_DIRECTORY, (_, stats) => {
    const what = distrust(path, stats, owner);
    return what === undefined ? ok(undefined) : refuse(what);
  });
}

/** Names in a directory as bytes, in byte order; undefined when there is no such directory. */
export function listDirectory(path: string): Result<readonly Buffer[] | undefined, ValueError> {
  return attempt(() => {
    // A symbolic link that leads nowhere is not nothing: the rules behind it are missing
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    return readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare);
  });
}

function withOpened<T>(
  path: string,
  how: number,
  use: (fd: number, stats: Stats) => Result<T, ValueError>,
): Result<T, ValueError> {
  return attempt(() => openSync(path, how)).andThen((fd) => {
    try {
      return attempt(() => fstatSync(fd)).andThen((stats) => use(fd, stats));
    } finally {
      closeSync(fd);
    }
  });
}

function fileProblem(stats: Stats): string | undefined {
  if (!stats.isFile()) return 'is not a regular file; put a file there';
  return stats.size > largest ? `has ${stats.size} bytes; at most ${largest} are read` : undefined;
}

function distrust(path: string, stats: Stats, owner: number): string | undefined {
  const name = owner === 0 ? 'root' : `uid ${owner}`;
  if (stats.uid !== owner && stats.uid !== 0) {
    return `belongs to uid ${stats.uid}; it must belong to ${name}: chown ${owner} ${path}`;
  }
  if ((stats.mode & 0o022) === 0) return undefined;
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
  return `may be written by others than its owner (mode ${mode}); take that away: chmod go-w ${path}`;
}

/** Reads to the end, also when the file grows meanwhile. */
function readOpened(fd: number): Result<Uint8Array, ValueError> {
  return attempt(() => {
    const chunks: Buffer[] = [];
    for (let size = 0; size <= largest; ) {
      const chunk = Buffer.allocUnsafe(65_536);
      const count = readSync(fd, chunk);
      if (count === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, count));
      size += count;
    }
    return undefined;
  }).andThen((bytes) => (bytes === undefined ? refuse(`has over ${largest} bytes, which is the most`) : ok(bytes)));
}

function attempt<T>(call: () => T): Result<T, ValueError> {
  return Result.fromThrowable(call, (thrown) => valueError(describeThrown(thrown)))();
}

/** What the error says when there is nothing at that path. */
export const missing = 'there is no such file';

const remedies: Readonly<Record<string, string>> = {
  ENOENT: missing,
  EACCES: 'may not be read (EACCES); see to the permissions of it and of the directories above',
  ENOTDIR: 'is not a directory, or something above it is not (ENOTDIR)',
  ELOOP: 'is a symbolic link that leads in a circle (ELOOP)',
  ENXIO: 'is not a regular file; put a file there',
};

function describeThrown(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException;
  return remedies[code ?? ''] ?? `cannot be read: ${message}`;
}
