import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  checkTrustedDirectory,
  listDirectory,
  missing,
  readPlainFile,
  readTrustedFile,
} from '../../src/config/trusted-file.js';
import { temporaryFolder } from '../support/temporary.js';

const me = process.getuid?.() as number;
const root = me === 0;
/** Neither root nor who runs the test. */
const stranger = 54_321;
const needsRoot = root ? false : 'needs root, to give a file to another user';

function fileIn(t: Test, text = 'hello', mode = 0o644): string {
  const path = join(temporaryFolder(t), 'a.ini');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const problem = (result: ReturnType<typeof readTrustedFile> | ReturnType<typeof checkTrustedDirectory>) =>
  result.match(
    () => 'none',
    ({ what }) => what,
  );

t.test('one’s own file is read', async (t) => {
  for (const text of ['', 'hello', 'x'.repeat(200_000)]) {
    const path = fileIn(t, text);
    t.equal(Buffer.from(readTrustedFile(path, me)._unsafeUnwrap()).toString(), text);
    t.equal(Buffer.from(readPlainFile(path)._unsafeUnwrap()).toString(), text);
  }
});

t.test('root’s file is good enough for a user', { skip: needsRoot }, async (t) => {
  t.equal(problem(readTrustedFile(fileIn(t), stranger)), 'none');
});

t.test('a stranger’s file', { skip: needsRoot }, async (t) => {
  const path = fileIn(t);
  chownSync(path, stranger, 0);
  t.equal(problem(readTrustedFile(path, 0)), `belongs to uid ${stranger}; it must belong to root: chown 0 ${path}`);
  t.match(problem(readTrustedFile(path, 1234)), 'it must belong to uid 1234: chown 1234');
  t.equal(problem(readTrustedFile(path, stranger)), 'none');
  t.equal(problem(readPlainFile(path)), 'none');
});

t.test(
  'an ordinary user’s file where another’s is wanted',
  { skip: root && 'needs an ordinary user: root’s files are always good enough' },
  async (t) => {
    t.match(problem(readTrustedFile(fileIn(t), me + 1)), `belongs to uid ${me}; it must belong to uid ${me + 1}`);
    t.match(problem(readTrustedFile(fileIn(t), 0)), 'it must belong to root');
  },
);

t.test('modes', async (t) => {
  for (const mode of [0o600, 0o400, 0o640, 0o644, 0o755, 0o4755]) {
    t.equal(problem(readTrustedFile(fileIn(t, 'x', mode), me)), 'none', mode.toString(8));
  }
  for (const mode of [0o620, 0o602, 0o664, 0o666, 0o777, 0o1622]) {
    const path = fileIn(t, 'x', mode);
    const text = mode.toString(8).padStart(4, '0');
    const what = `may be written by others than its owner (mode ${text}); take that away: chmod go-w ${path}`;
    t.equal(problem(readTrustedFile(path, me)), what);
    t.equal(problem(readPlainFile(path)), 'none');
  }
});

t.test('what is not a regular file is never waited for', async (t) => {
  const folder = temporaryFolder(t);
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', ['-m', '600', fifo]);
  for (const path of [fifo, folder, '/dev/null', '/dev/zero']) {
    t.equal(problem(readTrustedFile(path, me)), 'is not a regular file; put a file there', path);
    t.equal(problem(readPlainFile(path)), 'is not a regular file; put a file there', path);
  }
});

t.test('at most 4 MiB', async (t) => {
  const path = fileIn(t);
  truncateSync(path, 4 * 1024 * 1024);
  t.equal(readTrustedFile(path, me)._unsafeUnwrap().length, 4_194_304);
  truncateSync(path, 4 * 1024 * 1024 + 1);
  t.equal(problem(readTrustedFile(path, me)), 'has 4194305 bytes; at most 4194304 are read');
});

t.test('what cannot be opened', async (t) => {
  const folder = temporaryFolder(t);
  t.equal(problem(readTrustedFile(join(folder, 'none'), me)), missing);
  symlinkSync('nowhere', join(folder, 'dangling'));
  t.equal(problem(readTrustedFile(join(folder, 'dangling'), me)), missing);
  symlinkSync('circle', join(folder, 'circle'));
  t.match(problem(readTrustedFile(join(folder, 'circle'), me)), 'leads in a circle (ELOOP)');
  t.match(problem(readTrustedFile(join(fileIn(t), 'x'), me)), 'is not a directory');
  t.match(problem(readTrustedFile(join(folder, 'x'.repeat(300)), me)), 'cannot be read: ENAMETOOLONG');
});

t.test('what may not be read', { skip: root && 'needs an ordinary user: root may read everything' }, async (t) => {
  t.match(problem(readTrustedFile(fileIn(t, 'x', 0), me)), 'may not be read (EACCES)');
});

t.test('a symbolic link is followed, and what counts is the file', async (t) => {
  const path = fileIn(t, 'x', 0o666);
  const link = join(temporaryFolder(t), 'link');
  symlinkSync(path, link);
  t.match(problem(readTrustedFile(link, me)), 'mode 0666');
  chmodSync(path, 0o644);
  t.equal(problem(readTrustedFile(link, me)), 'none');
});

t.test('directories', async (t) => {
  const folder = temporaryFolder(t);
  t.equal(problem(checkTrustedDirectory(folder, me)), 'none');
  chmodSync(folder, 0o1777);
  t.match(problem(checkTrustedDirectory(folder, me)), `(mode 1777); take that away: chmod go-w ${folder}`);
  t.match(problem(checkTrustedDirectory(fileIn(t), me)), 'is not a directory');
  t.equal(problem(checkTrustedDirectory(join(folder, 'none'), me)), missing);
});

t.test('names in a directory, in byte order', async (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['b', 'a', 'Z', 'ä', '10', '9']) writeFileSync(join(folder, name), '');
  mkdirSync(join(folder, 'c'));
  t.same(listDirectory(folder)._unsafeUnwrap()?.map(String), ['10', '9', 'Z', 'a', 'b', 'c', 'ä']);
  t.equal(listDirectory(join(folder, 'none'))._unsafeUnwrap(), undefined);
  symlinkSync('nowhere', join(folder, 'dangling'));
  t.equal(listDirectory(join(folder, 'dangling'))._unsafeUnwrapErr().what, missing, 'what it stood for is lost');
  t.match(listDirectory(join(folder, 'a'))._unsafeUnwrapErr().what, 'is not a directory');
});
