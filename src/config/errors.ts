/** Collects what is wrong with the configuration, so that all of it is reported at once. */
import type { ConfigError, Origin } from '../core/config.js';

/** A file of garbage shall not fill the memory or the log. */
const most = 1000;
const longest = 1000;

export class ErrorList {
  readonly #errors: ConfigError[] = [];
  #count = 0;

  /** How many were found, also those past the limit of what is kept. */
  get count(): number {
    return this.#count;
  }

  /** @param what what is wrong, and what is allowed there: begins in lower case, no full stop. */
  add({ file, line }: Origin, what: string): void {
    this.#count++;
    const short = what.length > longest ? `${what.slice(0, longest)}…` : what;
    if (this.#count <= most) this.#errors.push({ tag: 'config', file, line, what: short });
    else if (this.#count === most + 1) {
      this.#errors.push({
        tag: 'config',
        file,
        line,
        what: `more is wrong from here on; mend the first ${most} errors`,
      });
    }
  }

  /** By the order in which the files were read, then by line. */
  sorted(files: readonly string[]): readonly ConfigError[] {
    const place = new Map(files.map((file, index) => [file, index]));
    const placeOf = ({ file }: ConfigError) => place.get(file) ?? -1;
    return [...this.#errors].sort((a, b) => placeOf(a) - placeOf(b) || a.line - b.line);
  }
}

/** `file:line: what is wrong; what is allowed`. */
export function formatConfigError({ file, line, what }: ConfigError): string {
  return line === 0 ? `${file}: ${what}` : `${file}:${line}: ${what}`;
}
