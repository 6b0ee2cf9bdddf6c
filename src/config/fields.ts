/** Reads the keys of one section by its list of keys, and reports every key that should not be there. */
import type { ErrorList } from './errors.js';
import { suggestion } from './nearest.js';
import type { Entry, Section } from './scan.js';
import type { ParseValue } from './values.js';

/** one: `key = value`, at most once. list: `key[] = value`, any number of times. */
export type Shape = Readonly<Record<string, 'one' | 'list'>>;

export class Fields<S extends Shape> {
  readonly #entries = new Map<string, Entry[]>();
  readonly #keys: ReadonlySet<string>;

  constructor(
    readonly section: Section,
    readonly shape: S,
    readonly errors: ErrorList,
  ) {
    this.#keys = new Set(section.entries.map(({ key }) => key));
    for (const entry of section.entries) this.#admit(entry);
  }

  /** undefined when the key is not there or its value was refused. */
  one<T>(key: keyof S & string, parse: ParseValue<T>): T | undefined {
    return this.list(key, parse)[0];
  }

  list<T>(key: keyof S & string, parse: ParseValue<T>): T[] {
    return (this.#entries.get(key) ?? []).flatMap(({ value, origin }) =>
      parse(value).match(
        (parsed) => [parsed],
        ({ what }) => {
          this.errors.add(origin, `${key}: ${what}`);
          return [];
        },
      ),
    );
  }

  /** Whether it was written, rightly or wrongly. */
  has(key: keyof S & string): boolean {
    return this.#keys.has(key);
  }

  /** @param what follows the section's name: `names no user; write …`. */
  refuse(what: string): void {
    this.errors.add(this.section.origin, `${titleOf(this.section)} ${what}`);
  }

  refuseKey(key: keyof S & string, what: string): void {
    for (const { origin } of this.#entries.get(key) ?? []) this.errors.add(origin, `${key} ${what}`);
  }

  #admit(entry: Entry): void {
    const { key, list, value, origin } = entry;
    const kind = Object.hasOwn(this.shape, key) ? this.shape[key] : undefined;
    if (kind === undefined) {
      const keys = Object.keys(this.shape);
      const near = suggestion(key, keys) || `; allowed are ${keys.map((name) => keyText(name, this.shape)).join(', ')}`;
      this.errors.add(origin, `${key} is not a key of [${this.section.kind}]${near}`);
      return;
    }
    const before = this.#entries.get(key);
    if (list !== (kind === 'list')) {
      const way = kind === 'list' ? `is a list; write ${key}[] = ${value}` : `is no list; write ${key} = ${value}`;
      this.errors.add(origin, `${key} ${way}`);
    } else if (before === undefined) {
      this.#entries.set(key, [entry]);
    } else if (kind === 'one') {
      this.errors.add(
        origin,
        `${key} was given in line ${before[0]?.origin.line} already; it may stand once in a section`,
      );
    } else {
      const same = before.find((other) => other.value === value);
      if (same === undefined) before.push(entry);
      else this.errors.add(origin, `${key}[] = ${value} was given in line ${same.origin.line} already; leave one out`);
    }
  }
}

export function titleOf({ kind, name }: Pick<Section, 'kind' | 'name'>): string {
  return name === undefined ? `[${kind}]` : `[${kind} ${name}]`;
}

function keyText(name: string, shape: Shape): string {
  return shape[name] === 'list' ? `${name}[]` : name;
}
