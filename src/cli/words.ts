/** The command lines of commands that start others: they are read without yargs, which takes longer than they do. */
import { parseArgs } from 'node:util';
import { UsageError } from './command.js';

export interface WordSpec {
  /** Options with a value. */
  readonly values: readonly string[];
  readonly switches?: readonly string[];
  /** What the words that are no options are called, in order. */
  readonly operands?: readonly string[];
  /** Whether `--` and another command must follow. */
  readonly command?: boolean;
}

export interface Words {
  /** The value of an option that may stand once. */
  one(name: string): string | undefined;
  all(name: string): readonly string[];
  has(name: string): boolean;
  /** As many as the spec names. */
  readonly operands: readonly string[];
  /** What follows `--`; empty where no command is to follow. */
  readonly command: readonly string[];
}

/** Throws a {@link UsageError}. */
export function readWords(words: readonly string[], spec: WordSpec): Words {
  const { operands: wanted = [], command: wantsCommand = false } = spec;
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  const command = words.slice(end + 1);
  // Before all else: without -- the command's own options would be called wrong
  if (wantsCommand && command.length === 0) throw new UsageError('a command is missing: write -- and the command last');
  const { found, operands } = sortWords(words.slice(0, end), spec);
  if (!wantsCommand && end < words.length) throw new UsageError('there is nothing to follow --');
  const surplus = operands[wanted.length];
  if (surplus !== undefined) {
    throw new UsageError(`what is ${JSON.stringify(surplus)}?${wantsCommand ? ' The command comes behind --' : ''}`);
  }
  if (operands.length < wanted.length) throw new UsageError(`${wanted[operands.length]} is missing`);
  return {
    one(name) {
      const [first, ...more] = found.get(name) ?? [];
      if (more.length > 0) throw new UsageError(`--${name} stands more than once; give it once`);
      return first;
    },
    all: (name) => found.get(name) ?? [],
    has: (name) => found.has(name),
    operands,
    command,
  };
}

function sortWords(args: readonly string[], { values, switches = [] }: WordSpec) {
  const options = Object.fromEntries([
    ...values.map((name) => [name, { type: 'string', multiple: true }] as const),
    ...switches.map((name) => [name, { type: 'boolean' }] as const),
  ]);
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const found = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    if (switches.includes(name)) {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
    } else if (!values.includes(name)) throw new UsageError(`there is no option ${rawName}`);
    else if (!value || (value.startsWith('-') && !inlineValue)) throw new UsageError(`${rawName} needs a value`);
    found.set(name, [...(found.get(name) ?? []), value ?? '']);
  }
  return { found, operands };
}
