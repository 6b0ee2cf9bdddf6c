import { err, ok } from 'neverthrow';
import t from 'tap';
import { readBridgeConf } from '../../src/config/bridge-conf.js';
import { ErrorList, formatConfigError } from '../../src/config/errors.js';
import { valueError } from '../../src/core/names.js';

function readFrom(files: Readonly<Record<string, string | Uint8Array>>, main = '/b.conf') {
  const errors = new ErrorList();
  const read = (path: string) => {
    const text = files[path];
    return text === undefined ? err(valueError('there is no such file')) : ok(Buffer.from(text as string));
  };
  const rules = readBridgeConf(main, read, errors);
  return {
    rules: rules.map(({ effect, bridge, origin }) => `${origin.file}:${origin.line} ${effect} ${bridge}`),
    errors: errors.sorted(Object.keys(files)).map(formatConfigError),
  };
}

const one = (text: string | Uint8Array) => readFrom({ '/b.conf': text });

t.test('rules, as qemu-bridge-helper reads them', async (t) => {
  const table: [string, string[]][] = [
    ['', []],
    ['\n \t\n\v\f\n', []],
    ['# allow br0\n   # allow br0\n', []],
    ['allow br0\n', ['/b.conf:1 allow br0']],
    ['allow br0', ['/b.conf:1 allow br0']],
    ['\n  allow \t br0 \t\r\n\tdeny\tbr1\n', ['/b.conf:2 allow br0', '/b.conf:3 deny br1']],
    ['allow all\ndeny all\n', ['/b.conf:1 allow all', '/b.conf:2 deny all']],
    ['allow a23456789012345\n', ['/b.conf:1 allow a23456789012345']],
  ];
  for (const [text, expected] of table) t.same(one(text), { rules: expected, errors: [] }, JSON.stringify(text));
});

t.test('what is refused', async (t) => {
  const table: [string | Uint8Array, RegExp][] = [
    ['allow\n', /^\/b.conf:1: allow: "" is not an interface name/],
    ['allow \n', /allow: "" is not an interface name/],
    ['Allow br0\n', /^\/b.conf:1: "Allow" is not a command; allowed are allow, deny and include/],
    ['br0\n', /"br0" is not a command/],
    ['; allow br0\n', /";" is not a command/],
    ['allow\tbr0 \n', /"allow\\tbr0" is not a command/],
    ['allow br0 # comment\n', /allow: "br0 # comment" is not an interface name/],
    ['deny br0 br1\n', /deny: "br0 br1" is not an interface name/],
    ['deny a234567890123456\n', /has 16 bytes; an interface name has at most 15/],
    ['deny br%d\n', /is not an interface name/],
    ['allow br0\0\n', /holds a character that cannot be seen/],
    ['include\n', /^\/b.conf:1: include "" is not an absolute path/],
    ['include other.conf\n', /^\/b.conf:1: include "other.conf" is not an absolute path/],
    ['include /none\n', /^\/b.conf:1: include \/none: there is no such file$/],
    ['include /b.conf\n', /^\/b.conf:1: include \/b.conf: the file includes itself/],
    [Buffer.from([0x61, 0xff]), /^\/b.conf: is not UTF-8/],
  ];
  for (const [text, expected] of table) {
    const { rules, errors } = one(text);
    t.same(rules, []);
    t.equal(errors.length, 1, `${text}`);
    t.match(errors[0], expected, `${text}`);
  }
  t.same(readFrom({}).errors, ['/b.conf: there is no such file'], 'the file itself');
  const lines = one('x\nallow br0\ny z\ndeny br1\n');
  t.same(
    lines.errors.map((text) => text.split(': ')[0]),
    ['/b.conf:1', '/b.conf:3'],
    'every error',
  );
  t.same(lines.rules.length, 2);
});

t.test('includes', async (t) => {
  const files = {
    '/b.conf': 'include /c.conf\nallow br2\ninclude /d.conf\ninclude /d.conf\n',
    '/c.conf': 'allow br0\ninclude /d.conf\n',
    '/d.conf': '# d\ndeny br1\n',
  };
  const denied = '/d.conf:2 deny br1';
  t.same(readFrom(files), { rules: ['/c.conf:1 allow br0', denied, '/b.conf:2 allow br2'], errors: [] });
  const circle = { '/b.conf': 'include /c.conf\n', '/c.conf': 'allow br0\ninclude /b.conf\n' };
  t.match(readFrom(circle).errors, [/^\/c.conf:2: include \/b.conf: the file includes itself; take the line out$/]);
  const stairs = Object.fromEntries(Array.from({ length: 40 }, (_, step) => [`/${step}`, `include /${step + 1}\n`]));
  t.same(readFrom({ '/b.conf': 'include /0\n', ...stairs }).errors, [
    '/15:1: include /16: 17 includes deep; at most 16 are followed',
  ]);
});

t.test('files that include each other many times over are read once', async (t) => {
  const files = Object.fromEntries(
    Array.from({ length: 12 }, (_, step) => [`/${step}`, `include /${step + 1}\n`.repeat(10)]),
  );
  t.same(readFrom({ ...files, '/12': 'allow br0\n' }, '/0'), { rules: ['/12:1 allow br0'], errors: [] });
});
