import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseSubordinates, readSubordinates } from '../../src/config/subordinates.js';
import { asNobody, noNobody } from '../support/nobody.js';
import { temporaryFolder } from '../support/temporary.js';

const ids = new Map([
  ['root', 0],
  ['alice', 1000],
  ['DOM\\bob', 70_000],
]);
const userId = (name: string) => ids.get(name);
const parse = (text: string) => parseSubordinates(text, userId).map(({ owner, first, last }) => [owner, first, last]);

t.test('names and numbers', async (t) => {
  const text = 'alice:100000:65536\n1001:165536:65536\nDOM\\bob:300000:1\nalice:400000:10';
  t.same(parse(text), [
    [1000, 100_000, 165_535],
    [1001, 165_536, 231_071],
    [70_000, 300_000, 300_000],
    [1000, 400_000, 400_009],
  ]);
  t.same(parse(''), []);
});

t.test('an owner who is unknown, or root, is nobody in particular', async (t) => {
  t.same(parse('lxd:100000:10\nroot:100000:10\n0:1000:1\n4294967295:5:1\n99999999999:5:1\n-x:5:1\n'), [
    [undefined, 100_000, 100_009],
    [undefined, 100_000, 100_009],
    [undefined, 1000, 1000],
    ...[1, 2, 3].map(() => [undefined, 5, 5]),
  ]);
});

t.test('numbers as strtoul reads them', async (t) => {
  const table: [string, number | undefined][] = [
    ['100000', 100_000],
    ['0x186A0', 100_000],
    ['0X186a0', 100_000],
    ['0303240', 100_000],
    ['+100000', 100_000],
    [' \t100000', 100_000],
    ['100000 ', undefined],
    ['1e5', undefined],
    ['08', undefined],
    ['0x', undefined],
    ['-1', undefined],
    ['ten', undefined],
    ['', undefined],
  ];
  for (const [number, first] of table) {
    const expected = first === undefined ? [] : [[1000, first, first + 1]];
    t.same(parse(`alice:${number}:2`), expected, JSON.stringify(number));
    const counted = first === undefined ? [] : [[1000, 5, 5 + first - 1]];
    t.same(parse(`alice:5:${number}`), counted, JSON.stringify(number));
  }
});

t.test('lines that shadow passes over, and one that it does not', async (t) => {
  const malformed = [
    ...['', ' ', '#', '# alice:1:1', '#alice:1:1', 'alice', 'alice:100000', 'alice::1', 'alice:1:', ':100000:65536'],
    ...['alice:100000:0', `alice:${' '.repeat(1100)}100000:65536`, 'alice:4294967295:1', 'alice;100000;65536'],
  ];
  for (const line of malformed) t.same(parse(`${line}\nalice:7:1\n`), [[1000, 7, 7]], line.slice(0, 40));
  t.same(parse('alice:100000:65536:more'), [[1000, 100_000, 165_535]]);
});

t.test('what is no user, or root, is in no range', async (t) => {
  t.same(parse('alice:0:10'), [[1000, 1, 9]]);
  t.same(parse('alice:0:1'), []);
  t.same(parse('alice:4294967290:99'), [[1000, 4_294_967_290, 4_294_967_294]]);
  t.same(parse(`alice:5:${'9'.repeat(30)}`), [[1000, 5, 4_294_967_294]]);
});

t.test('the file: absent is empty, unreadable is an error', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'subuid');
  const read = () => readSubordinates(file, userId);
  t.same(read()._unsafeUnwrap(), []);
  writeFileSync(file, 'alice:100000:65536\n', { mode: 0o644 });
  t.same(read()._unsafeUnwrap(), [{ owner: 1000, first: 100_000, last: 165_535 }]);
  mkdirSync(join(folder, 'folder'));
  t.match(readSubordinates(join(folder, 'folder'), userId)._unsafeUnwrapErr().what, 'is not a regular file');
  symlinkSync('circle', join(folder, 'circle'));
  t.match(readSubordinates(join(folder, 'circle'), userId)._unsafeUnwrapErr().what, 'ELOOP');
});

t.test('a file that may not be read is an error', { skip: noNobody }, async (t) => {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o755);
  const file = join(folder, 'subuid');
  writeFileSync(file, 'alice:100000:65536\n', { mode: 0o600 });
  const read = await asNobody(async () => readSubordinates(file, userId));
  t.match(read._unsafeUnwrapErr().what, 'may not be read (EACCES)');
});

t.test('a name is looked up once', async (t) => {
  const file = join(temporaryFolder(t), 'subuid');
  writeFileSync(file, 'alice:1:1\ngone:3:1\nalice:5:1\ngone:7:1\n');
  const asked: string[] = [];
  readSubordinates(file, (name) => {
    asked.push(name);
    return undefined;
  })._unsafeUnwrap();
  t.same(asked, ['alice', 'gone']);
});
