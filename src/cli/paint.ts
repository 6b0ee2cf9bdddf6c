/** Colours, and whether to use them. */
const codes = { bold: [1, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

export type Paint = keyof typeof codes;

/** @param how undefined: as it is. */
export function paint(text: string, how: Paint | undefined): string {
  if (how === undefined || text === '') return text;
  const [on, off] = codes[how];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** Only on a terminal that can, and not against the user's word (https://no-color.org). */
export function decideColour(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  return isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}
