/** The frame of every message: a version line, then `key=value` lines (docs/protocol.md). */
import { err, ok, type Result } from 'neverthrow';

/** Bytes of the largest message. */
export const maxMessage = 65_536;
/** Lines behind the first; no message has half as many. Reading 15,000 of them would take the broker 13 ms. */
const maxLines = 32;
const version = 'fdbroker 1';

export interface ProtocolError {
  readonly tag: 'protocol';
  /** One sentence for the client, without a full stop. */
  readonly what: string;
}

export type Fields = ReadonlyMap<string, string>;

export function protocolError(what: string): ProtocolError {
  return { tag: 'protocol', what };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
// JSON has an escape for the control characters below U+0020 alone.
const show = (text: string) =>
  JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, '?');

/** @param bytes one whole message as received. */
export function decodeMessage(bytes: Uint8Array): Result<Fields, ProtocolError> {
  if (bytes.length > maxMessage) return err(protocolError(`the message has over ${maxMessage} bytes`));
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return err(protocolError('the message is not UTF-8'));
  }
  if (!text.endsWith('\n')) return err(protocolError('the message does not end with a line feed'));
  const [first = '', ...lines] = text.slice(0, -1).split('\n', 1 + maxLines + 1);
  if (first !== version) return err(protocolError(`the first line is ${show(first)}; this broker speaks "${version}"`));
  if (lines.length > maxLines) return err(protocolError(`the message has over ${maxLines} lines of key=value`));
  const fields = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const where = `line ${index + 2}`;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(line))
      return err(protocolError(`${where} holds a control character`));
    const [, key, value] = /^([a-z][a-z-]{0,31})=(.*)$/u.exec(line) ?? [];
    if (key === undefined || value === undefined) {
      return err(protocolError(`${where} is ${show(line)}; every line is key=value`));
    }
    if (fields.has(key)) return err(protocolError(`${where} repeats the key "${key}"`));
    fields.set(key, value);
  }
  return ok(fields);
}

/** The caller vouches for the keys. Control characters in a value become spaces, so that no value makes a line. */
export function encodeMessage(fields: Iterable<readonly [string, string]>): Buffer {
  let text = `${version}\n`;
  for (const [key, value] of fields) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    text += `${key}=${value.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')}\n`;
  }
  return Buffer.from(text);
}
