/** What `fdbroker doctor` finds: one sentence, and the line that mends it. */

/** ok: as it should be. hint: a surprise to some, or not to be told from here. problem: somebody gets no network by it. */
export type Level = 'ok' | 'hint' | 'problem';

export interface Finding {
  readonly level: Level;
  /** What was looked at, in a word: `socket`, `bridge` … */
  readonly check: string;
  /** Begins in lower case or with a name, and has no full stop. */
  readonly what: string;
  /** A command or a setting; null: there is nothing to do, or the sentence says it. */
  readonly mend: string | null;
}

export function fine(check: string, what: string): Finding {
  return { level: 'ok', check, what, mend: null };
}

export function hint(check: string, what: string, mend: string | null): Finding {
  return { level: 'hint', check, what, mend };
}

export function problem(check: string, what: string, mend: string | null): Finding {
  return { level: 'problem', check, what, mend };
}

/** Text as one word of a shell's command line: names in a line to be copied come from elsewhere. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
