/** What the module of a command exports, and the options that several commands share. */
import type { Argv, Options } from 'yargs';
import type { ExitStatus } from './exit-status.js';
import type { World } from './world.js';

/** The parsed command line of one command; each command knows its own keys. */
export type Arguments = Readonly<Record<string, unknown>>;

/** A command line that cannot be carried out; thrown while it is parsed. */
export class UsageError extends Error {}

export interface Command {
  options(yargs: Argv): Argv;
  run(args: Arguments, world: World): Promise<ExitStatus>;
}

/** An option with a value, which may stand once and may not be empty. */
export function valueOption(name: string, describe: string, more: Options = {}): Options {
  return {
    type: 'string',
    requiresArg: true,
    describe,
    coerce: (value: unknown) => oneValue(`--${name}`, value),
    ...more,
  };
}

/** To be called while the command line is parsed: lets one text through that is not empty. */
export function oneValue(name: string, value: unknown): unknown {
  if (Array.isArray(value)) throw new UsageError(`${name} stands more than once; give it once`);
  if (value === '') throw new UsageError(`${name} needs a value`);
  return value;
}

export const jsonOption = {
  json: { type: 'boolean', describe: 'Print JSON, whose shape fdbroker(1) documents' },
} as const satisfies Record<string, Options>;

export const userModeOption = {
  'user-mode': { type: 'boolean', describe: "Read your own configuration instead of the system's" },
} as const satisfies Record<string, Options>;

/** The text of a string option, or undefined when it was not given. */
export function textOf(args: Arguments, key: string): string | undefined {
  const value = args[key];
  return typeof value === 'string' ? value : undefined;
}
