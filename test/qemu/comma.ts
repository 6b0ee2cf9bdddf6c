/** QEMU's comma syntax, read and written. */
import t from 'tap';
import { appendPieces, joinPieces, quoteValue, splitPieces } from '../../src/qemu/comma.js';

const cases: [text: string, pieces: [key: string | undefined, value: string][]][] = [
  ['', []],
  ['tap', [[undefined, 'tap']]],
  [
    'tap,id=n0',
    [
      [undefined, 'tap'],
      ['id', 'n0'],
    ],
  ],
  [
    'type=tap,id=',
    [
      ['type', 'tap'],
      ['id', ''],
    ],
  ],
  ['a=b=c', [['a', 'b=c']]],
  [
    'a=x,,y,b=,,',
    [
      ['a', 'x,y'],
      ['b', ','],
    ],
  ],
  [
    'a=x,,,b=y',
    [
      ['a', 'x,'],
      ['b', 'y'],
    ],
  ],
  ['a=x,', [['a', 'x']]],
  [
    'dev,flag,k=v',
    [
      [undefined, 'dev'],
      [undefined, 'flag'],
      ['k', 'v'],
    ],
  ],
];
for (const [text, pieces] of cases) {
  t.same(
    splitPieces(text).map(({ key, value }) => [key, value]),
    pieces,
    text,
  );
}
t.equal(
  joinPieces(splitPieces('a=x,,y,b').map(({ text }) => text)),
  'a=x,,y,b',
  'pieces are kept as they were written',
);
for (const value of ['', 'x', 'x,y', ',', ',,']) t.equal(splitPieces(`k=${quoteValue(value)}`)[0]?.value, value);

t.equal(appendPieces('a,b=c', []), 'a,b=c');
t.equal(appendPieces('a,b=c', ['d=e', 'f']), 'a,b=c,d=e,f');
t.equal(appendPieces('a,b=c,', ['d=e']), 'a,b=c,d=e', 'a separator is there already');
t.equal(appendPieces('a,b=c,,', ['d=e']), 'a,b=c,,,d=e', 'these are a comma of the value');
