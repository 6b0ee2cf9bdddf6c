/**
 * The grammar of one line. It accepts little, because the `ini` package reads a mistake as something else: it takes
 * `[network lan] ; text` for a key, a bare key for `true`, and cuts a value at its first `;` or `#`. Accepted are
 *
 *     (nothing, or blanks)       ; comment       # comment
 *     [kind name]                [kind]
 *     key = value                key[] = value
 *
 * with blanks at the end, and there a comment too, when a blank stands before its `;` or `#`.
 */
import { ok, type Result } from 'neverthrow';
import type { ValueError } from '../core/names.js';
import { refuse, show } from './refuse.js';

export type Line =
  | { readonly tag: 'blank' }
  | { readonly tag: 'section'; readonly kind: string; readonly name: string | undefined }
  | { readonly tag: 'entry'; readonly key: string; readonly list: boolean; readonly value: string };

/** Characters that cannot be seen, or that some reader takes for the end of a line or for a blank. */
export const hiddenCharacter = /(?![\t ])[\p{Cc}\p{Cf}\p{Z}]/u;

/** @param text one line without its line feed. */
export function parseLine(text: string): Result<Line, ValueError> {
  const hidden = /^[\t -~]*$/.test(text) ? null : hiddenCharacter.exec(text);
  if (hidden !== null) return refuse(describeHidden(hidden[0], hidden.index));
  if (/^[\t ]*(?:[;#].*)?$/.test(text)) return ok({ tag: 'blank' });
  if (/^[\t ]/.test(text)) return refuse(`${show(text.trim())} has blanks before it; begin it in the first column`);
  return text.startsWith('[') ? parseSection(text) : parseEntry(text);
}

function describeHidden(character: string, index: number): string {
  const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
  if (code === 'FEFF' && index === 0) return 'begins with a byte order mark (U+FEFF); save it as UTF-8 without one';
  if (code === '000D') return `column ${index + 1} is a carriage return (U+000D); a line ends with a line feed alone`;
  return `column ${index + 1} is U+${code}, which cannot be seen; allowed are visible characters, blanks and tabs`;
}

function parseSection(text: string): Result<Line, ValueError> {
  const [, inside, rest] = /^\[([^\]]*)\](.*)$/.exec(text) ?? [];
  if (inside === undefined || rest === undefined) {
    return refuse(`${show(text)} has no closing ]; write a section as [network lan]`);
  }
  if (!/^(?:[\t ]+[;#].*|[\t ]*)$/.test(rest)) {
    return refuse(
      `${show(rest.trim())} stands behind the section; allowed is a comment, with a blank before its ; or #`,
    );
  }
  const [, kind, name] = /^([A-Za-z][A-Za-z-]*)(?:[\t ]+([^\t ]+))?$/.exec(inside) ?? [];
  if (kind === undefined) {
    const blank = /[\t ]/.test(inside) ? ', with no blank in NAME, before the kind or behind NAME' : '';
    return refuse(`[${inside}] is not a section; allowed are [broker], [network NAME] and [rule NAME]${blank}`);
  }
  return ok({ tag: 'section', kind, name });
}

function parseEntry(text: string): Result<Line, ValueError> {
  const sign = text.indexOf('=');
  if (sign < 0) {
    return refuse(`${show(text)} is none of what a line may be: [section], key = value, key[] = value, ; comment`);
  }
  const left = text.slice(0, sign).trimEnd();
  const [, key, brackets] = /^([A-Za-z][A-Za-z0-9_-]*)(\[\])?$/.exec(left) ?? [];
  if (key === undefined) {
    return refuse(`${show(left)} is not a key; a key is of letters, digits and -, with [] right behind it for a list`);
  }
  return parseValue(key, text.slice(sign + 1).trimStart()).map((value) => {
    return { tag: 'entry', key, list: brackets !== undefined, value };
  });
}

/** @param text what is right of the equals sign, comment and all. */
function parseValue(key: string, text: string): Result<string, ValueError> {
  const comment = /[\t ]+[;#]/.exec(text);
  const value = (comment === null ? text : text.slice(0, comment.index)).trimEnd();
  if (value === '' || /^[;#]/.test(value)) {
    return refuse(`${key} has no value; write ${key} = VALUE, or leave the line out`);
  }
  if (/[;#]/.test(value)) {
    return refuse(`${show(value)} holds ; or #, which no value may; before a comment put a blank`);
  }
  if (/^["']|["']$/.test(value)) return refuse(`${show(value)} has quotes; write the value without them`);
  return ok(value);
}
