import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readKeyFile } from '../../src/kernel/key-file.js';

const folder = mkdtempSync(join(tmpdir(), 'fdbroker-test-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'lab.key');
const [one, two] = ['0123456789abcdef'.repeat(4), 'f'.repeat(64)];
const uid = process.getuid?.() ?? 0;

function read(text: string, mode = 0o600) {
  writeFileSync(path, text);
  chmodSync(path, mode);
  return readKeyFile(path, uid);
}

t.test('one key or two', async (t) => {
  t.same(read(`${one}\n`)._unsafeUnwrap(), [one]);
  t.same(read(`# new\n ${one.toUpperCase()} \r\n\n# old\n${two}`, 0o640)._unsafeUnwrap(), [one, two]);
});

t.test('what is refused, without a word of what is in it', async (t) => {
  const table: [string, number, RegExp][] = [
    ['', 0o600, /has 0 keys; one or two are allowed/],
    [`${one}\n${two}\n${one}\n`, 0o600, /has 3 keys/],
    [`# the first\n${one}0\n`, 0o600, /lab\.key:2: is no key of 64 hexadecimal digits, as "openssl rand -hex 32"/],
    [`${one.slice(1)}g\n`, 0o600, /lab\.key:1: is no key of 64/],
    [one, 0o644, /may be read by anyone.*; chmod 0640/],
    [one, 0o660, /written by others; chmod 0640/],
    ['x'.repeat(5000), 0o600, /is no file of keys/],
  ];
  for (const [text, mode, expected] of table) {
    const what = read(text, mode)._unsafeUnwrapErr();
    t.match(what, expected);
    t.notOk(what.includes(one.slice(1, 20)));
  }
  t.match(readKeyFile(folder, uid)._unsafeUnwrapErr(), /is no file of keys/);
  t.match(
    readKeyFile(join(folder, 'none'), uid)._unsafeUnwrapErr(),
    /none is not there; make it by "openssl rand -hex 32"/,
  );
});

t.test('of strangers', { skip: uid === 0 ? false : 'another owner needs root' }, async (t) => {
  t.ok(read(one).isOk());
  chownSync(path, 20_001, 0);
  t.match(readKeyFile(path, 0)._unsafeUnwrapErr(), /belongs to uid 20001; chown root/);
  t.same(readKeyFile(path, 20_001)._unsafeUnwrap(), [one]);
});
