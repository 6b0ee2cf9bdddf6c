import { isDeepStrictEqual } from 'node:util';
import ini from 'ini';
import t from 'tap';
import { emitCanonical, expectedTree, readsTheSame } from '../../src/config/canonical.js';
import { ErrorList } from '../../src/config/errors.js';
import { type Section, scan } from '../../src/config/scan.js';

function sectionsOf(text: string): Section[] {
  return [...scan('a.ini', Buffer.from(text), new ErrorList())];
}

const sectionOf = (text: string) => sectionsOf(text)[0] as Section;

t.test('values that the ini package would change are written so that it does not', async (t) => {
  for (const value of [
    'a',
    'a=b',
    '[a]',
    'DOM\\bob',
    'a\\\\b',
    'a\\',
    'true',
    'false',
    'null',
    '0',
    "O'Brien",
    'ü',
    '*',
  ]) {
    t.ok(readsTheSame(sectionOf(`[rule a.b]\nkey = ${value}\nlist[] = ${value}\nlist[] = x\n`)), value);
  }
  t.equal(emitCanonical(sectionOf('[rule a.b]\t; c\nx=1 # d\ny[]=2\n')), '[rule a\\.b]\nx = 1\ny[] = 2\n');
});

t.test('a difference is seen', async (t) => {
  const repeated = sectionOf('[rule a]\nx = 1\nx[] = 2\n');
  t.notOk(readsTheSame(repeated), 'ini merges x and x[]');
  const [first] = repeated.entries;
  const changed = (value: string) => ({ ...repeated, entries: [{ ...(first as Section['entries'][0]), value }] });
  for (const value of ['"quoted"', 'a;b', 'a#b', ' blank', 'a\nb = c', 'a\rb = c']) {
    t.notOk(readsTheSame(changed(value)), JSON.stringify(value));
  }
  t.notOk(readsTheSame({ ...repeated, entries: [], name: 'a]' }));
});

t.test('all sections together read as they do one by one', async (t) => {
  const sections = sectionsOf(
    '[network a.b]\nx = 1\n[network a]\nb = 2\n[broker]\n[rule a.b]\ny[] = 3\n[rule toString]\nz = 4\n',
  );
  const together = ini.parse(sections.map(emitCanonical).join(''));
  t.ok(isDeepStrictEqual(together, Object.assign(Object.create(null), ...sections.map(expectedTree))));
  t.equal(Object.keys(together).length, 5);
});
