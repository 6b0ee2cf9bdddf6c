/** Where programs are looked for, and what is said where there is none. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { findProgram } from '../../src/cli/find-program.js';
import { temporaryFolder } from '../support/temporary.js';

const folder = temporaryFolder(t);
for (const [name, mode] of [
  ['first/both', 0o755],
  ['second/both', 0o755],
  ['second/one', 0o755],
  ['first/data', 0o644],
  ['second/data', 0o755],
  ['first/closed', 0o644],
] as const) {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), '');
  chmodSync(path.join(folder, name), mode);
}
mkdirSync(path.join(folder, 'first/folder'));
const search = ['first', 'none', 'second'].map((name) => path.join(folder, name)).join(':');

const found: [name: string, file: string][] = [
  ['both', 'first/both'],
  ['one', 'second/one'],
  ['data', 'second/data'],
  [path.join(folder, 'second/one'), 'second/one'],
];
for (const [name, file] of found) t.equal(findProgram(name, search)._unsafeUnwrap(), path.join(folder, file));
t.ok(findProgram('sh').isOk(), 'without PATH');

const missing: [name: string, status: number, what: RegExp][] = [
  ['nothing', 127, /^there is no program "nothing"$/],
  ['', 127, /^there is no program ""$/],
  [path.join(folder, 'nothing'), 127, /^there is no program ".*\/nothing"$/],
  ['closed', 126, /first\/closed may not be run: it is no program, or not for you$/],
  ['folder', 126, /first\/folder may not be run/],
  [path.join(folder, 'first'), 126, /may not be run/],
];
for (const [name, status, what] of missing) {
  const error = findProgram(name, search)._unsafeUnwrapErr();
  t.equal(error.status, status);
  t.match(error.what, what);
}
process.chdir(path.join(folder, 'second'));
t.equal(findProgram('one', ':/nonexistent')._unsafeUnwrap(), './one', 'an empty place is here');
