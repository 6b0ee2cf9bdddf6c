/** What is shown of others' text cannot drive a terminal; JSON reads back as it was. */
import t from 'tap';
import { escapeText, toJson } from '../../src/cli/escape.js';

const cases: [what: string, text: string, shown: string][] = [
  ['plain text', 'fdb1a2b3c4d qemu ü 漢 😀', 'fdb1a2b3c4d qemu ü 漢 😀'],
  ['a colour', '\u001b[31mred', '\\x1b[31mred'],
  ['a C1 control sequence introducer', '\u009b31m', '\\x9b31m'],
  ['line feeds, tabs, returns, NUL and DEL', 'a\nb\tc\rd\0e\u007f', 'a\\x0ab\\x09c\\x0dd\\x00e\\x7f'],
  ['a right-to-left override', 'a\u202eb\u2066c\u200f', 'a\\u202eb\\u2066c\\u200f'],
  ['line separators', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
  ['half a surrogate pair', 'a\ud800b', 'a\\ud800b'],
];

for (const [what, text, shown] of cases) {
  t.equal(escapeText(text), shown, what);
  const json = toJson({ text });
  t.same(JSON.parse(json), { text }, `${what}: JSON reads back`);
  t.notMatch(json, /[^\P{Cc}\n]|[\u2028-\u202e\u2066-\u2069]/u, `${what}: JSON is safe to show`);
}
