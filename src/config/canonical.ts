/** The second opinion: what was scanned, written out plainly, must read the same in the `ini` package. */
import { isDeepStrictEqual } from 'node:util';
import ini from 'ini';
import type { Section } from './scan.js';

/** The section in INI as plain as it can be: one blank, no comments, and `ini`'s own escapes. */
export function emitCanonical(section: Section): string {
  const lines = [
    `[${title(section).replaceAll('.', '\\.')}]`,
    ...section.entries.map(({ key, list, value }) => `${key}${list ? '[]' : ''} = ${value.replaceAll('\\', '\\\\')}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** The section as `ini` should find it. */
export function expectedTree(section: Section): Record<string, Record<string, unknown>> {
  const entries: Record<string, unknown> = Object.create(null);
  for (const { key, list, value } of section.entries) {
    const before = entries[key];
    if (!list) entries[key] = typed(value);
    else if (Array.isArray(before)) before.push(typed(value));
    else entries[key] = [typed(value)];
  }
  return Object.assign(Object.create(null), { [title(section)]: entries });
}

/**
 * Whether `ini` finds the same section, keys and values, no more and no less. It does for every section without errors;
 * where it does not, one of the two readers is wrong and the file must be refused.
 */
export function readsTheSame(section: Section): boolean {
  return isDeepStrictEqual(ini.parse(emitCanonical(section)), expectedTree(section));
}

function title({ kind, name }: Section): string {
  return name === undefined ? kind : `${kind} ${name}`;
}

/** `ini` changes the type of these three, which are names like any other here. */
function typed(value: string): unknown {
  return value === 'true' || value === 'false' || value === 'null' ? JSON.parse(value) : value;
}
