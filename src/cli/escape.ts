/** Makes text from elsewhere safe to show: nothing in it moves the cursor, recolours, or reverses what a person reads. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;
const unsafeInJson = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

const unicodeEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** C0 and C1 controls, line separators and direction marks become `\x1b` or `\u202e`. */
export function escapeText(text: string): string {
  return text.replaceAll(unsafe, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(character);
  });
}

/** JSON for a person and a program, with a line feed at its end; it reads back as the same value. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replaceAll(unsafeInJson, unicodeEscape)}\n`;
}
