/** Random configuration files: none makes the parser throw, and none is accepted that the ini package reads otherwise. */
import { isDeepStrictEqual } from 'node:util';
import ini from 'ini';
import t from 'tap';
import { emitCanonical, expectedTree } from '../../src/config/canonical.js';
import { ErrorList } from '../../src/config/errors.js';
import { type Section, scan } from '../../src/config/scan.js';
import { errorsOf } from '../support/config-text.js';
import { randomNumbers } from '../support/random.js';

const random = randomNumbers(0x1a2b3c4d);
const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
const repeat = <T>(times: number, make: () => T): T[] => Array.from({ length: times }, make);

function scanned(bytes: Buffer): { sections: Section[]; errors: number } {
  const errors = new ErrorList();
  return { sections: [...scan('a.ini', bytes, errors)], errors: errors.count };
}

function merged(sections: readonly Section[]): unknown {
  return Object.assign(Object.create(null), ...sections.map(expectedTree));
}

t.test('random bytes', async (t) => {
  const alphabet = Buffer.from('[]=;#\\"\' \t\r\n\0._-a0é\u2028\ufeff__proto__networkrule');
  for (let round = 0; round < 1500; round++) {
    const bytes = Buffer.from(
      repeat(random(60), () => (random(20) === 0 ? random(256) : (alphabet[random(alphabet.length)] as number))),
    );
    t.doesNotThrow(() => errorsOf(bytes), bytes.toString('hex'));
  }
});

const pieces = [
  '[',
  ']',
  '=',
  ' = ',
  ';',
  '#',
  ' ;',
  ' #',
  '\\',
  '\\;',
  '"',
  "'",
  ' ',
  '\t',
  '\r',
  '.',
  '[]',
  '-',
  '_',
  ':',
  ',',
];
const words = [
  'network',
  'rule',
  'broker',
  'lan',
  'a',
  'user',
  'mtu',
  'true',
  'false',
  'null',
  '0',
  'ü',
  '*',
  '__proto__',
];
const lines = [
  '[broker]',
  '[network lan]',
  '[rule a]',
  '; comment',
  '# x',
  '',
  'user[] = ci',
  'mtu = 1',
  'a = b ; c',
  'a=[b]',
  'x = a\\b',
];

function randomLine(): string {
  if (random(3) > 0) return pick(lines);
  return repeat(1 + random(6), () => (random(2) === 0 ? pick(pieces) : pick(words))).join('');
}

t.test('what is accepted, the ini package reads the same', async (t) => {
  let accepted = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = repeat(1 + random(5), randomLine)
      .map((line) => `${line}\n`)
      .join('');
    const { sections, errors } = scanned(Buffer.from(text));
    const titles = sections.map(({ kind, name }) => `${kind} ${name}`);
    const ambiguous = sections.some(({ entries }) => {
      const keys = new Map(entries.map(({ key, list }) => [key, list]));
      return entries.some(
        ({ key, list }, index) =>
          list !== keys.get(key) || (!list && entries.findIndex((one) => one.key === key) < index),
      );
    });
    // These are refused later: repeated sections and keys, a key and a list of the same name
    if (errors > 0 || ambiguous || new Set(titles).size < titles.length) continue;
    accepted++;
    const again = ini.parse(sections.map(emitCanonical).join(''));
    if (!isDeepStrictEqual(again, merged(sections))) t.fail(`written plainly: ${JSON.stringify(text)}`);
    // As it stands ini reads it otherwise only in these ways, all known: a comment behind a header, dots, an escape
    const plain = text.replaceAll(/^(\[.*\])[\t ]+[;#].*$/gm, '$1').replaceAll(/^(\[\w+)[\t ]+/gm, '$1 ');
    if (/^\[.*\./m.test(text) || /\\[\\;#]/.test(text)) continue;
    if (!isDeepStrictEqual(ini.parse(plain), merged(sections))) t.fail(`as it stands: ${JSON.stringify(text)}`);
  }
  t.ok(accepted > 2000, `${accepted} texts were accepted`);
});
