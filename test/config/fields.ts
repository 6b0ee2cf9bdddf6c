import t from 'tap';
import { ErrorList } from '../../src/config/errors.js';
import { Fields, titleOf } from '../../src/config/fields.js';
import { type Section, scan } from '../../src/config/scan.js';
import { parseInteger, parseYesNo } from '../../src/config/values.js';

const shape = { number: 'one', many: 'list', flag: 'one' } as const;

function fieldsOf(text: string) {
  const errors = new ErrorList();
  const [section] = [...scan('a.ini', Buffer.from(`[rule x]\n${text}`), errors)];
  const fields = new Fields(section as Section, shape, errors);
  return { fields, errors: () => errors.sorted([]).map(({ line, what }) => `${line}: ${what}`) };
}

t.test('keys that are right', async (t) => {
  const { fields, errors } = fieldsOf('many[] = 1\nnumber = 7\nmany[] = 2\n');
  t.equal(fields.one('number', parseInteger(0, 9)), 7);
  t.same(fields.list('many', parseInteger(0, 9)), [1, 2]);
  t.equal(fields.one('flag', parseYesNo), undefined);
  t.ok(fields.has('number'));
  t.notOk(fields.has('flag'));
  t.same(errors(), []);
});

t.test('keys that are wrong', async (t) => {
  const table: [string, string[]][] = [
    ['nummer = 1', ['2: nummer is not a key of [rule]; did you mean number?']],
    ['speed = 1', ['2: speed is not a key of [rule]; allowed are number, many[], flag']],
    ['toString = 1', ['2: toString is not a key of [rule]; allowed are number, many[], flag']],
    ['Number = 1', ['2: Number is not a key of [rule]; did you mean number?']],
    ['many = 1', ['2: many is a list; write many[] = 1']],
    ['number[] = 1', ['2: number is no list; write number = 1']],
    ['number = 1\nflag = no\nnumber = 1', ['4: number was given in line 2 already; it may stand once in a section']],
    ['number = 1\nnumber[] = 2', ['3: number is no list; write number = 2']],
    ['many[] = 1\nmany[] = 2\nmany[] = 1', ['4: many[] = 1 was given in line 2 already; leave one out']],
  ];
  for (const [text, expected] of table) t.same(fieldsOf(text).errors(), expected, text);
});

t.test('values that are wrong, each with its line', async (t) => {
  const { fields, errors } = fieldsOf('many[] = a\nmany[] = 2\nmany[] = b\nflag = 1\n');
  t.same(fields.list('many', parseInteger(0, 9)), [2]);
  t.equal(fields.one('flag', parseYesNo), undefined);
  fields.refuse('is odd');
  fields.refuseKey('many', 'is too much');
  t.same(errors(), [
    '1: [rule x] is odd',
    '2: many: "a" is not a number from 0 to 9',
    '2: many is too much',
    '3: many is too much',
    '4: many: "b" is not a number from 0 to 9',
    '4: many is too much',
    '5: flag: "1" is not allowed; write yes or no',
  ]);
});

t.test('a key written the wrong way was written all the same', async (t) => {
  t.ok(fieldsOf('many = 1').fields.has('many'), 'so that it is not reported as missing too');
});

t.test('titles', async (t) => {
  t.equal(titleOf({ kind: 'broker', name: undefined }), '[broker]');
  t.equal(titleOf({ kind: 'network', name: 'lan' }), '[network lan]');
});
