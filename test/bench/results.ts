/** What the benchmarks found: a table for a person, one line of JSON for a script. */

interface Result {
  readonly section: string;
  readonly name: string;
  readonly value: number;
  /** `ms`, `µs`, `MiB`, `kframes/s`, `%`; empty for a ratio or a count. */
  readonly unit: string;
  /** The value is to be at most this; undefined where it is told for comparison only, or is to be at least so much. */
  readonly budget?: number;
  /** The value is to be at least this. */
  readonly least?: number;
}

/** A value in a row of a table. */
interface Cell {
  readonly column: string;
  readonly value: number;
  readonly unit: string;
}

function verdict({ value, budget, least }: Result): { readonly met?: boolean } {
  if (least !== undefined) return { met: value >= least };
  return budget === undefined ? {} : { met: value <= budget };
}

const show = (value: number) => String(Math.abs(value) < 1000 ? Number(value.toPrecision(3)) : Math.round(value));

export class Results {
  readonly #results: Result[] = [];
  #section = '';

  /** Of the results added from now on. */
  section(title: string): void {
    this.#section = title;
    process.stdout.write(`\n${title}\n`);
  }

  add(name: string, value: number, unit = '', budget?: number): void {
    this.#add({ section: this.#section, name, value, unit, ...(budget === undefined ? {} : { budget }) });
  }

  /** A ratio that is to be so much or more. */
  addAtLeast(name: string, value: number, least: number): void {
    this.#add({ section: this.#section, name, value, unit: '', least });
  }

  #add(result: Result): void {
    this.#results.push(result);
    const { name, value, unit, budget, least } = result;
    const { met } = verdict(result);
    const measured = `${show(value)} ${unit}`.trimEnd();
    const bound = least === undefined ? `at most ${show(budget ?? 0)}` : `at least ${show(least)}`;
    const told = met === undefined ? '' : `${bound}: ${met ? 'met' : 'MISSED'}`;
    process.stdout.write(`${`  ${name.padEnd(58)} ${measured.padStart(12)}   ${told}`.trimEnd()}\n`);
  }

  /** One line of a table for a person; in JSON, a result for each value. */
  addRow(name: string, values: readonly Cell[]): void {
    for (const { column, value, unit } of values) {
      this.#results.push({ section: this.#section, name: `${name}, ${column}`, value, unit });
    }
    this.#line(
      name,
      values.map(({ value }) => show(value)),
    );
  }

  /** Above the rows. */
  heading(columns: readonly string[]): void {
    this.#line('', columns);
  }

  #line(name: string, cells: readonly string[]): void {
    process.stdout.write(`  ${name.padEnd(36)}${cells.map((cell) => cell.padStart(16)).join('')}\n`);
  }

  /** What could not be measured, and why. */
  note(text: string): void {
    process.stdout.write(`  ${text}\n`);
  }

  close(): void {
    const results = this.#results.map((result) => ({ ...result, ...verdict(result) }));
    const budgeted = results.filter(({ met }) => met !== undefined);
    const missed = results.filter(({ met }) => met === false);
    process.stdout.write(`\n${budgeted.length - missed.length} of ${budgeted.length} budgets met\n`);
    for (const { section, name } of missed) process.stdout.write(`  missed: ${section}: ${name}\n`);
    process.stdout.write(`${JSON.stringify({ benchmark: 'fdbroker', results })}\n`);
  }
}
