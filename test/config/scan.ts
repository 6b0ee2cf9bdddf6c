import t from 'tap';
import { ErrorList } from '../../src/config/errors.js';
import { scan } from '../../src/config/scan.js';

function scanned(text: string | Uint8Array) {
  const errors = new ErrorList();
  const sections = [...scan('a.ini', typeof text === 'string' ? Buffer.from(text) : text, errors)];
  return { sections, errors: errors.sorted(['a.ini']).map(({ line, what }) => `${line}: ${what}`) };
}

t.test('sections and keys, each with its line', async (t) => {
  const text = '; a\n\n[broker]   ; b\nsocket-mode = 0660\n[rule x]\n# c\nuser[] = a\nuser[] = b\n[network n]';
  const origin = (line: number) => ({ file: 'a.ini', line });
  t.same(scanned(text).errors, []);
  t.same(scanned(text).sections, [
    {
      ...{ kind: 'broker', name: undefined, origin: origin(3) },
      entries: [{ key: 'socket-mode', list: false, value: '0660', origin: origin(4) }],
    },
    {
      ...{ kind: 'rule', name: 'x', origin: origin(5) },
      entries: [
        { key: 'user', list: true, value: 'a', origin: origin(7) },
        { key: 'user', list: true, value: 'b', origin: origin(8) },
      ],
    },
    { kind: 'network', name: 'n', origin: origin(9), entries: [] },
  ]);
  for (const empty of ['', '\n', '\n\n\n', '; x']) t.same(scanned(empty), { sections: [], errors: [] });
});

t.test('every error of a file, not only the first', async (t) => {
  const { errors } = scanned('a = 1\n[broker]\nb\n c = 1\n[rule x\nd\n[rule y]\ne = "1"\n');
  t.same(
    errors.map((text) => text.replace(/: .*/, '')),
    ['1', '3', '4', '5', '6', '8'],
  );
  t.match(errors[0], 'a stands before the first section');
});

t.test('keys under a refused header belong to no other section', async (t) => {
  const { sections, errors } = scanned('[rule x]\neffect = deny\n[rule y\neffect = allow\n[rule z]\nuser[] = *\n');
  t.same(
    sections.map(({ name, entries }) => [name, entries.length]),
    [
      ['x', 1],
      ['z', 1],
    ],
  );
  t.equal(errors.length, 1);
  t.match(errors[0], /^3: "\[rule y" has no closing \]/);
});

t.test('lines end with a line feed alone', async (t) => {
  const windows = scanned('[rule x]\r\neffect = deny\r\nbad\r\n');
  t.equal(windows.errors.length, 2, 'CR LF is told once, and other errors are found all the same');
  t.match(windows.errors[0], "1: ends with CR LF; end every line with LF alone, as by sed -i 's/\\r$//'");
  t.match(windows.errors[1], /^3: "bad"/);
  t.equal(windows.sections[0]?.entries[0]?.value, 'deny');
  t.match(scanned('[rule x]\reffect = deny\n').errors, [/^1: column 9 is a carriage return/]);
  t.match(scanned('[rule x]\r').errors, [/^1: column 9 is a carriage return/]);
  t.match(scanned('[rule x]\r\r\n').errors, [/^1: ends with CR LF/, /^1: column 9 is a carriage return/]);
});

t.test('bytes that are not UTF-8', async (t) => {
  const bytes = Buffer.concat([Buffer.from('[rule x]\n'), Buffer.from([0x61, 0x3d, 0xff, 10]), Buffer.from('b\n')]);
  t.match(scanned(bytes).errors, [/^2: is not UTF-8; save the file as UTF-8$/, /^3: "b" is none/]);
  const bad = [
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
  ];
  for (const sequence of bad) t.match(scanned(Buffer.from(sequence)).errors, [/^1: is not UTF-8/], `${sequence}`);
  t.match(scanned(Buffer.from('\ufeff[broker]\n')).errors, [/^1: begins with a byte order mark/]);
  t.match(scanned(Buffer.from('[broker]\n', 'utf16le')).errors[0], /^1: column 2 is U\+0000/);
});

t.test('a part of a larger buffer is read as that part', async (t) => {
  const whole = Buffer.from('xxxx[broker]\nyyyy');
  t.same(scanned(new Uint8Array(whole.buffer, whole.byteOffset + 4, 9)).errors, []);
});
