import t from 'tap';
import type { ParseValue } from '../../src/config/values.js';
import * as values from '../../src/config/values.js';

function table<T>(parse: ParseValue<T>, good: readonly (readonly [string, T])[], bad: readonly string[], what: RegExp) {
  t.test(`${what}`, async (t) => {
    for (const [text, expected] of good) t.same(parse(text)._unsafeUnwrap(), expected, text);
    for (const text of bad) t.match(parse(text)._unsafeUnwrapErr().what, what, JSON.stringify(text));
  });
}

const yesNo = ['true', 'false', 'on', 'off', '1', '0', 'Yes', 'YES', 'y', ''];
table(
  values.parseYesNo,
  [
    ['yes', true],
    ['no', false],
  ],
  yesNo,
  /is not allowed; write yes or no$/,
);

const vlans: [string, number][] = [
  ['1', 1],
  ['20', 20],
  ['4094', 4094],
];
const numbers = ['0', '4095', '-1', '+1', '1.0', '1e2', '0x10', '010', ' 1', '1 ', '', 'one', '٣', '9'.repeat(400)];
table(values.parseInteger(1, 4094), vlans, numbers, /is not a number from 1 to 4094$/);
table(
  values.parseInteger(0, 4_294_967_294),
  [
    ['0', 0],
    ['4294967294', 4_294_967_294],
  ],
  ['4294967295', '00'],
  /from 0 to/,
);

const mtus: [string, number | 'inherit'][] = [
  ['inherit', 'inherit'],
  ['68', 68],
  ['1500', 1500],
  ['65521', 65_521],
];
table(
  values.parseMtu,
  mtus,
  ['67', '65522', 'Inherit', 'auto', '1500b'],
  /is not a number from 68 to 65521, or inherit$/,
);

const modes: [string, number][] = [
  ['0660', 0o660],
  ['660', 0o660],
  ['0666', 0o666],
  ['0600', 0o600],
  ['000', 0],
];
const badModes = ['0777', '0661', '1660', '4660', '66', '00660', '0o660', '0680', 'rw-rw----', '0668', '-660'];
table(values.parseSocketMode, modes, badModes, /is not the mode of a socket; write 3 octal digits/);

const paths: [string, string][] = [
  ['/var/log/a', '/var/log/a'],
  ['/a b', '/a b'],
  ['/a..b', '/a..b'],
];
const badPaths = ['', 'a', './a', '~/a', '/', '/a/', '/a/../b', '/..', `/${'x'.repeat(4096)}`];
table(values.parseAbsolutePath, paths, badPaths, /is not an absolute path of a file; write it from \/ on/);

const effects = ['Allow', 'permit', 'allow, deny', '', 'toString'];
table(
  values.parseOneOf('allow', 'deny'),
  [
    ['allow', 'allow'],
    ['deny', 'deny'],
  ],
  effects,
  /allowed is allow or deny$/,
);

t.test('prefixes for guests', async (t) => {
  const length = (text: string) => values.parseGuestPrefix(text).map((prefix) => prefix.length);
  for (const [text, expected] of [
    ['52:54:00:00:00:00/24', 24],
    ['fc:00:00:00:00:00/8', 8],
    ['fe:fc:00:00:00:00/16', 16],
  ] as const) {
    t.equal(length(text)._unsafeUnwrap(), expected, text);
  }
  for (const text of ['fe:00:00:00:00:00/8', 'fe:fc:00:00:00:00/15', 'fe:fd:00:00:00:00/16', 'fe:fd:12:00:00:00/24']) {
    t.match(length(text)._unsafeUnwrapErr().what, /which the host's side uses; take another prefix$/, text);
  }
  const bad = ['52:54:00', '52:54:00:00:00:00', '52:54:00:00:00:00/48', '01:00:5e:00:00:00/24', '52:54:00:12:34:56/24'];
  for (const text of bad) t.ok(length(text).isErr(), text);
});
