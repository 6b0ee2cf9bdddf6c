import t from 'tap';
import { type Column, formatTable } from '../../src/cli/table.js';

interface Row {
  readonly name: string;
  readonly count: number;
  readonly note: string;
}

const columns: Column<Row>[] = [
  { heading: 'NAME', cell: ({ name }) => name, paint: ({ count }) => (count > 9 ? 'red' : undefined) },
  { heading: 'N', align: 'right', cell: ({ count }) => String(count) },
  { heading: 'NOTE', cell: ({ note }) => note },
];
const rows: Row[] = [
  { name: 'lan', count: 1, note: 'first' },
  { name: 'a-longer-name', count: 1200, note: '' },
  { name: 'ü漢', count: 3, note: '\u001b[2J' },
];

t.test('columns line up, and no line ends in blanks', async (t) => {
  t.equal(
    formatTable(columns, rows, false),
    [
      'NAME              N  NOTE',
      'lan               1  first',
      'a-longer-name  1200',
      'ü漢                3  \\x1b[2J',
      '',
    ].join('\n'),
  );
});

t.test('no rows, no heading', async (t) => {
  t.equal(formatTable(columns, [], false), '');
});

t.test('colours change nothing but colours', async (t) => {
  const coloured = formatTable(columns, rows, true);
  t.match(coloured, '\u001b[31ma-longer-name\u001b[39m  1200');
  t.notMatch(coloured, '\u001b[31mlan');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are what is looked for
  const bare = coloured.replaceAll(/\u001b\[\d+m/g, '').replaceAll(/ +$/gm, '');
  t.equal(bare, formatTable(columns, rows, false));
});
