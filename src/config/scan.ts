/** Splits the bytes of a configuration file into sections and keys, each with its line. */
import { isUtf8 } from 'node:buffer';
import type { Origin } from '../core/config.js';
import type { ErrorList } from './errors.js';
import { parseLine } from './line.js';

export interface Entry {
  readonly key: string;
  /** Written as `key[] =`. */
  readonly list: boolean;
  /** Never empty. */
  readonly value: string;
  readonly origin: Origin;
}

export interface Section {
  readonly kind: string;
  readonly name: string | undefined;
  readonly origin: Origin;
  readonly entries: readonly Entry[];
}

/**
 * One section after the other, so that a long file is never in memory as a whole tree. What was refused is in `errors`;
 * keys under a section header that was refused are read, but belong to nothing.
 */
export function* scan(file: string, bytes: Uint8Array, errors: ErrorList): Generator<Section, void> {
  let section: (Section & { readonly entries: Entry[] }) | undefined;
  let started = false;
  for (const { text, origin } of readLines(file, bytes, errors)) {
    const line = parseLine(text);
    if (line.isErr()) errors.add(origin, line.error.what);
    if (line.isErr() ? text.trimStart().startsWith('[') : line.value.tag === 'section') {
      if (section !== undefined) yield section;
      section = undefined;
      started = true;
    }
    if (line.isErr()) continue;
    if (line.value.tag === 'section') {
      section = { kind: line.value.kind, name: line.value.name, origin, entries: [] };
    } else if (line.value.tag === 'entry') {
      const { key, list, value } = line.value;
      section?.entries.push({ key, list, value, origin });
      if (!started) errors.add(origin, `${key} stands before the first section; put it below [broker] or another`);
    }
  }
  if (section !== undefined) yield section;
}

function* readLines(file: string, bytes: Uint8Array, errors: ErrorList): Generator<{ text: string; origin: Origin }> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crlf = false;
  for (let start = 0, line = 1; start < buffer.length; line++) {
    const feed = buffer.indexOf(10, start);
    const end = feed < 0 ? buffer.length : feed;
    const one = buffer.subarray(start, end);
    start = end + 1;
    const origin = { file, line };
    if (!isUtf8(one)) {
      errors.add(origin, 'is not UTF-8; save the file as UTF-8');
      continue;
    }
    const text = one.toString('utf8');
    // Once for the file: it is one mistake, whatever its length
    if (feed >= 0 && text.endsWith('\r')) {
      if (!crlf) errors.add(origin, "ends with CR LF; end every line with LF alone, as by sed -i 's/\\r$//'");
      crlf = true;
      yield { text: text.slice(0, -1), origin };
    } else yield { text, origin };
  }
}
