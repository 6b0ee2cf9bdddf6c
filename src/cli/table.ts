/** Tables of text: a heading, columns two blanks apart, nothing cut off, nothing after the last word of a line. */
import { escapeText } from './escape.js';
import { type Paint, paint } from './paint.js';

export interface Column<Row> {
  readonly heading: string;
  readonly align?: 'right';
  cell(row: Row): string;
  /** How the cell is to stand out; left out or undefined: not at all. */
  paint?(row: Row): Paint | undefined;
}

/** @returns lines that each end with a line feed; nothing at all for no rows. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], colour: boolean): string {
  if (rows.length === 0) return '';
  const cells = rows.map((row) => columns.map((column) => escapeText(column.cell(row))));
  const widths = columns.map(({ heading }, at) =>
    Math.max(heading.length, ...cells.map((line) => lengthOf(line[at] ?? ''))),
  );
  const line = (texts: readonly string[], paintOf: (at: number) => Paint | undefined) =>
    `${columns
      .map(({ align }, at) => {
        const text = texts[at] ?? '';
        const blanks = ' '.repeat((widths[at] ?? 0) - lengthOf(text));
        const painted = paint(text, colour ? paintOf(at) : undefined);
        if (align === 'right') return blanks + painted;
        return at === columns.length - 1 ? painted : painted + blanks;
      })
      .join('  ')
      .trimEnd()}\n`;
  const headings = columns.map(({ heading }) => heading);
  const body = rows.map((row, at) => line(cells[at] ?? [], (column) => columns[column]?.paint?.(row)));
  return line(headings, () => 'bold') + body.join('');
}

/** In code points, which is what most terminals show one column for. */
function lengthOf(text: string): number {
  return [...text].length;
}
