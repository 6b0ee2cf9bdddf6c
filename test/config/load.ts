import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { formatConfigError } from '../../src/config/errors.js';
import { loadConfig } from '../../src/config/load.js';
import { testAccounts } from '../support/accounts.js';
import { temporaryFolder } from '../support/temporary.js';

const me = process.getuid?.() as number;
const network = (name: string) => `[network ${name}]\ntype = bridge\nbridge = br0\n`;
const rule = (name: string) => `[rule ${name}]\neffect = deny\nuser[] = *\nnetwork[] = lan\n`;

/** A folder with these files in it, the parent folders too. */
function folderWith(t: Test, files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder(t);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true, mode: 0o755 });
    writeFileSync(join(folder, name), text, { mode: 0o644 });
  }
  return folder;
}

const load = (folder: string) => loadConfig(join(folder, 'fdbroker.ini'), { accounts: testAccounts, owner: me });
/** The errors, without the folder's name. */
function errorsIn(folder: string): string[] {
  const errors = load(folder)._unsafeUnwrapErr().map(formatConfigError);
  return errors.map((text) => text.replaceAll(`${folder}/`, '').replaceAll(folder, '.'));
}

t.test('the main file alone', async (t) => {
  const folder = folderWith(t, { 'fdbroker.ini': network('lan') });
  t.same(load(folder)._unsafeUnwrap().files, [join(folder, 'fdbroker.ini')]);
});

t.test('conf.d in byte order; what is hidden or no .ini is left alone', async (t) => {
  const good = ['10-a.ini', '9-b.ini', 'B.ini', 'a.ini', 'with blank.ini', 'ä.ini'];
  const files = Object.fromEntries(good.map((name, index) => [`conf.d/${name}`, rule(`r${index}`)]));
  const ignored = {
    'conf.d/.hidden.ini': '?',
    'conf.d/a.ini~': '?',
    'conf.d/a.INI': '?',
    'conf.d/README': '?',
    'conf.d/ini': '?',
  };
  const folder = folderWith(t, { 'fdbroker.ini': network('lan'), ...files, ...ignored });
  const config = load(folder)._unsafeUnwrap();
  t.same(
    config.files.slice(1),
    good.map((name) => join(folder, 'conf.d', name)),
  );
  t.same(
    config.rules.map(({ name }) => name),
    ['r0', 'r1', 'r2', 'r3', 'r4', 'r5'],
  );
  t.same(config.rules[0]?.origin, { file: join(folder, 'conf.d/10-a.ini'), line: 1 });
});

t.test('every error of every file at once', async (t) => {
  const folder = folderWith(t, {
    'fdbroker.ini': `${network('lan')}x\n`,
    'conf.d/a.ini': network('lan'),
    'conf.d/b.ini': `${rule('r')}form[] = no\n`,
    'conf.d/c.ini': rule('s').replace('lan', 'wan'),
  });
  const errors = errorsIn(folder);
  t.same(
    errors.map((text) => text.split(': ')[0]),
    ['fdbroker.ini:4', 'conf.d/a.ini:1', 'conf.d/b.ini:5', 'conf.d/c.ini:4'],
  );
  t.match(errors[1], 'conf.d/a.ini:1: [network lan] was written at fdbroker.ini:1 already');
});

t.test('no main file', async (t) => {
  const folder = temporaryFolder(t);
  const sentence = 'fdbroker.ini: there is no such file; write it, as fdbroker.ini(5) shows, or name another file';
  t.same(errorsIn(folder), [sentence]);
  rmSync(folder, { recursive: true });
  t.same(errorsIn(folder), [sentence], 'nor a directory for it');
});

t.test('files and directories that others may write', async (t) => {
  const folder = folderWith(t, {
    'fdbroker.ini': network('lan'),
    'conf.d/a.ini': rule('a'),
    'conf.d/b.ini': rule('b'),
    'conf.d/c.ini': 'x\n',
  });
  chmodSync(join(folder, 'conf.d/a.ini'), 0o664);
  chmodSync(join(folder, 'conf.d/b.ini'), 0o646);
  chmodSync(join(folder, 'conf.d'), 0o775);
  chmodSync(folder, 0o777);
  const errors = errorsIn(folder);
  t.match(errors, [
    /^\.: may be written by others than its owner \(mode 0777\)/,
    /^conf\.d: .*\(mode 0775\); take that away: chmod go-w conf\.d$/,
    /^conf\.d\/a\.ini: .*\(mode 0664\)/,
    /^conf\.d\/b\.ini: .*\(mode 0646\)/,
    /^conf\.d\/c\.ini:1: "x"/,
  ]);
  t.equal(errors.length, 5);
});

t.test('files of strangers', { skip: me !== 0 && 'needs root, to give a file to another user' }, async (t) => {
  const files = ['', 'fdbroker.ini', 'conf.d', 'conf.d/a.ini'];
  for (const name of files) {
    const folder = folderWith(t, { 'fdbroker.ini': network('lan'), 'conf.d/a.ini': rule('a') });
    chownSync(join(folder, name), 54_321, 0);
    const errors = errorsIn(folder);
    t.equal(errors.length, 1, `only ${name} is told of, not that a network is missing`);
    t.match(errors[0], `${name || '.'}: belongs to uid 54321; it must belong to root: chown 0`);
  }
});

t.test('a drop-in that cannot be read refuses everything', async (t) => {
  const make = (spoil: (path: string) => void) => {
    const folder = folderWith(t, { 'fdbroker.ini': network('lan'), 'conf.d/ok.ini': rule('a') });
    spoil(join(folder, 'conf.d/z.ini'));
    return errorsIn(folder);
  };
  t.match(
    make((path) => mkdirSync(path)),
    ['conf.d/z.ini: is not a regular file; put a file there'],
  );
  t.match(
    make((path) => execFileSync('mkfifo', ['-m', '600', path])),
    ['conf.d/z.ini: is not a regular file'],
  );
  t.match(
    make((path) => symlinkSync('nowhere', path)),
    [/^conf.d\/z.ini: there is no such file/],
  );
  t.match(
    make((path) => writeFileSync(path, Buffer.alloc(4 * 1024 * 1024 + 1), { mode: 0o644 })),
    [/at most 4194304 are read/],
  );
  t.match(
    make((path) => writeFileSync(path, Buffer.from([0xff]), { mode: 0o644 })),
    ['conf.d/z.ini:1: is not UTF-8'],
  );
});

t.test('conf.d itself', async (t) => {
  const make = (spoil: (path: string) => void) => {
    const folder = folderWith(t, { 'fdbroker.ini': network('lan') });
    spoil(join(folder, 'conf.d'));
    return folder;
  };
  t.ok(load(make((path) => mkdirSync(path, { mode: 0o755 }))).isOk(), 'empty');
  t.match(errorsIn(make((path) => writeFileSync(path, ''))), [/^conf.d: is not a directory/]);
  t.match(errorsIn(make((path) => symlinkSync('nowhere', path))), ['conf.d: there is no such file']);
});

t.test('names that cannot be shown', async (t) => {
  const folder = folderWith(t, {
    'fdbroker.ini': network('lan'),
    'conf.d/a\nb.ini': rule('a'),
    'conf.d/c\u202e.ini': rule('c'),
  });
  writeFileSync(Buffer.concat([Buffer.from(join(folder, 'conf.d/')), Buffer.from([0xff]), Buffer.from('.ini')]), '');
  t.same(errorsIn(folder), [
    'conf.d: "a?b.ini" has characters in its name that cannot be shown; rename it',
    'conf.d: "c?.ini" has characters in its name that cannot be shown; rename it',
    'conf.d: "\ufffd.ini" has characters in its name that cannot be shown; rename it',
  ]);
});

t.test('the ranges of subordinate uids come with it, or refuse it', async (t) => {
  const folder = folderWith(t, { 'fdbroker.ini': network('lan'), subuid: 'alice:100000:65536\n' });
  const loadWith = (subuid: string) =>
    loadConfig(join(folder, 'fdbroker.ini'), { accounts: testAccounts, owner: me, subuid: join(folder, subuid) });
  t.same(loadWith('subuid')._unsafeUnwrap().subordinates, [{ owner: 1000, first: 100_000, last: 165_535 }]);
  t.same(loadWith('absent')._unsafeUnwrap().subordinates, []);
  mkdirSync(join(folder, 'folder'));
  const errors = loadWith('folder')._unsafeUnwrapErr().map(formatConfigError);
  t.same(errors, [`${join(folder, 'folder')}: is not a regular file; put a file there`]);
});
