/** A set of forms as bits: there are four forms and perhaps 10,000 rules, and a Set each would fill the memory. */
import { type Form, forms } from '../core/form.js';

export type FormSet = number;

export const everyForm: FormSet = formSet(forms);

export function formSet(members: readonly Form[]): FormSet {
  return members.reduce((set, form) => set | bitOf(form), 0);
}

export function hasForm(set: FormSet, form: Form): boolean {
  return (set & bitOf(form)) !== 0;
}

export function formsOf(set: FormSet): Form[] {
  return forms.filter((form) => hasForm(set, form));
}

function bitOf(form: Form): number {
  return 1 << forms.indexOf(form);
}
