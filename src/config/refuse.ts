/** How a value is refused: with its text, shortened, and what is allowed instead. */
import { type Err, err } from 'neverthrow';
import { type ValueError, valueError } from '../core/names.js';

/** @param what begins in lower case or with the value, no full stop. */
export function refuse(what: string): Err<never, ValueError> {
  return err(valueError(what));
}

export function show(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
