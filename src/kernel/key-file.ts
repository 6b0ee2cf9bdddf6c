/** Files that hold keys: one or two lines of 64 hexadecimal digits each, and lines that begin with #. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';

const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const largest = 4096;

/**
 * @returns the keys in lower case, in order; the error is a clause that says what is wrong with the file, and what to do.
 * @param user whose it may be besides root's.
 */
export function readKeyFile(path: string, user: number): Result<readonly string[], string> {
  let fd: number;
  try {
    fd = openSync(path, flags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const make = 'make it by "openssl rand -hex 32", for the broker\'s user to read, and the same on every host';
    if (code === 'ENOENT') return err(`${path} is not there; ${make}`);
    return err(`${path} cannot be read: ${code}; give it to the group of the broker's user, with mode 0640`);
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.size > largest) return err(`${path} is no file of keys`);
    if (stats.uid !== 0 && stats.uid !== user) return err(`${path} belongs to uid ${stats.uid}; chown root ${path}`);
    if ((stats.mode & 0o027) !== 0)
      return err(`${path} may be read by anyone, or written by others; chmod 0640 ${path}`);
    return parse(path, readFileSync(fd, 'latin1'));
  } finally {
    closeSync(fd);
  }
}

function parse(path: string, text: string): Result<readonly string[], string> {
  const lines = text.split('\n').map((line) => line.trim().toLowerCase());
  const isKey = (line: string) => line !== '' && !line.startsWith('#');
  // What is in the file is told to nobody
  const wrong = lines.findIndex((line) => isKey(line) && !/^[0-9a-f]{64}$/.test(line));
  if (wrong >= 0) {
    return err(`${path}:${wrong + 1}: is no key of 64 hexadecimal digits, as "openssl rand -hex 32" makes one`);
  }
  const keys = lines.filter(isKey);
  if (keys.length === 0 || keys.length > 2) return err(`${path} has ${keys.length} keys; one or two are allowed`);
  return ok(keys);
}
