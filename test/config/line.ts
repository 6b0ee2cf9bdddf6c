import t from 'tap';
import { parseLine } from '../../src/config/line.js';

t.test('what a line may be', async (t) => {
  const section = (kind: string, name?: string) => ({ tag: 'section', kind, name });
  const entry = (key: string, value: string, list = false) => ({ tag: 'entry', key, list, value });
  const table: [string, object][] = [
    ['', { tag: 'blank' }],
    [' \t ', { tag: 'blank' }],
    ['; [network lan]', { tag: 'blank' }],
    ['# key = value', { tag: 'blank' }],
    ['  ; with blanks before it', { tag: 'blank' }],
    ['[broker]', section('broker')],
    ['[network lan]', section('network', 'lan')],
    ['[network \t lan] \t', section('network', 'lan')],
    ['[network lan]                 ; the name a user gives', section('network', 'lan')],
    ['[network lan] # too', section('network', 'lan')],
    ['[network a.b]', section('network', 'a.b')],
    ['[rule "x"]', section('rule', '"x"')],
    ['mtu = inherit', entry('mtu', 'inherit')],
    ['mtu=inherit', entry('mtu', 'inherit')],
    ['mtu \t=\t inherit  ', entry('mtu', 'inherit')],
    ['mtu = 1500            ; or inherit', entry('mtu', '1500')],
    ['mtu = 1500\t#', entry('mtu', '1500')],
    ['user[] = ci', entry('user', 'ci', true)],
    ['user[]=*', entry('user', '*', true)],
    ['group[] = domain users ; of the directory', entry('group', 'domain users', true)],
    ['user[] = DOM\\bob', entry('user', 'DOM\\bob', true)],
    ['audit-file = /var/log/a=b', entry('audit-file', '/var/log/a=b')],
    ['x = [y]', entry('x', '[y]')],
    ["x = O'Brien", entry('x', "O'Brien")],
    ['x = käse', entry('x', 'käse')],
  ];
  for (const [text, expected] of table) t.same(parseLine(text)._unsafeUnwrap(), expected, text);
});

t.test('all else is refused, with what is allowed', async (t) => {
  const table: [string, RegExp][] = [
    // What the ini package reads as something else: a key, a key of the top level, true, a cut value, JSON
    ['[network lan] text', /^"text" stands behind the section; allowed is a comment/],
    ['[network lan];text', /^";text" stands behind the section; allowed is a comment, with a blank before/],
    ['[network lan', /^"\[network lan" has no closing \]; write a section as \[network lan\]$/],
    ['vhost', /^"vhost" is none of what a line may be: \[section\], key = value/],
    ['vhost: yes', /is none of what a line may be/],
    ['key = a;b', /^"a;b" holds ; or #, which no value may/],
    ['key = a#b', /^"a#b" holds ; or #/],
    ['key = a\\;b', /holds ; or #/],
    ['key = "a"', /^"\\"a\\"" has quotes; write the value without them$/],
    ["key = 'a'", /has quotes/],
    ['key = "a', /has quotes/],
    ['key = a"', /has quotes/],
    ['key = "a ; b"', /has quotes/],
    ['key =', /^key has no value; write key = VALUE, or leave the line out$/],
    ['key = ; comment', /^key has no value/],
    ['key = # comment', /^key has no value/],
    ['key[] =', /^key has no value/],
    [' key = value', /^"key = value" has blanks before it; begin it in the first column$/],
    ['\t[network lan]', /has blanks before it/],
    ['[]', /^\[\] is not a section; allowed are \[broker\], \[network NAME\] and \[rule NAME\]$/],
    ['[ network lan]', /is not a section/],
    ['[network lan ]', /is not a section/],
    ['[network lan two]', /is not a section; allowed are .*, with no blank in NAME/],
    ['[network.lan]', /is not a section/],
    ['[__proto__]', /^\[__proto__\] is not a section/],
    ['__proto__ = x', /^"__proto__" is not a key/],
    ['__proto__[] = x', /^"__proto__\[\]" is not a key/],
    ['= value', /^"" is not a key/],
    ['key [] = value', /^"key \[\]" is not a key; .*right behind it/],
    ['key[x] = value', /is not a key/],
    ['key[][] = value', /is not a key/],
    ['two words = value', /^"two words" is not a key/],
    ['"key" = value', /is not a key/],
    ['key\\ = value', /is not a key/],
    ['export key = value', /is not a key/],
  ];
  for (const [text, expected] of table) t.match(parseLine(text)._unsafeUnwrapErr().what, expected, text);
});

t.test('characters that cannot be seen', async (t) => {
  const table: [string, RegExp][] = [
    ['\ufeff[broker]', /^begins with a byte order mark \(U\+FEFF\)/],
    ['a = \ufeffb', /^column 5 is U\+FEFF, which cannot be seen/],
    ['a = b\rc = d', /^column 6 is a carriage return \(U\+000D\); a line ends with a line feed alone$/],
    ['; harmless\u2028[rule x]', /^column 11 is U\+2028/],
    ['; harmless\u2029[rule x]', /^column 11 is U\+2029/],
    ['a = b\0', /^column 6 is U\+0000/],
    ['a = \x1b[2J', /U\+001B/],
    ['a = \x7f', /U\+007F/],
    ['a = b\x85', /U\+0085/],
    ['a = b\u00a0', /U\+00A0/],
    ['a\u3000= b', /U\+3000/],
    ['user[] = \u202eecila', /U\+202E/],
    ['user[] = ro\u200bot', /U\+200B/],
    ['user[] = a\u{e0041}', /U\+E0041/],
    ['a = b\v', /U\+000B/],
    ['a = b\f', /U\+000C/],
  ];
  for (const [text, expected] of table)
    t.match(parseLine(text)._unsafeUnwrapErr().what, expected, encodeURIComponent(text));
});

t.test('an error stays short, whatever the line', async (t) => {
  const long = 'x'.repeat(100_000);
  for (const text of [long, ` ${long}`, `[${long}`, `[network x] ${long}`, `${long}. = y`, `y = "${long}`]) {
    t.ok(parseLine(text)._unsafeUnwrapErr().what.length < 300, `${text.slice(0, 12)}…`);
  }
});
