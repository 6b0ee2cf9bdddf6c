/** The options of every command that asks the broker, and what becomes of a failure to. */
import type { Options } from 'yargs';
import { defaultTimeout } from '../client/call.js';
import { type ClientError, describeClientError } from '../client/error.js';
import type { OpenedGrant } from '../client/open.js';
import { chooseSocket } from '../client/socket-path.js';
import { type Arguments, jsonOption, textOf, UsageError, valueOption } from './command.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { complain, type World } from './world.js';

/** Seconds; a larger one would overflow a timer and end at once. */
const longestTimeout = 86_400;

export const brokerOptions = {
  socket: valueOption('socket', "The broker's control socket"),
  timeout: valueOption('timeout', `Seconds to wait for the broker [default: ${defaultTimeout}]`, {
    coerce: parseTimeout,
  }),
  ...jsonOption,
} as const satisfies Record<string, Options>;

function parseTimeout(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (typeof value !== 'string' || !/^\d+(\.\d+)?$/.test(value) || seconds <= 0 || seconds > longestTimeout) {
    throw new UsageError(`--timeout takes seconds, above 0 and at most ${longestTimeout}, once`);
  }
  return seconds;
}

export interface Target {
  readonly socket: string;
  readonly alsoTried?: string;
  readonly options: { readonly timeout: number };
}

export function targetOf(args: Arguments, world: World): Target {
  const { path, alsoTried } = chooseSocket(textOf(args, 'socket'), world.env);
  const timeout =
    typeof args['timeout'] === 'number' ? args['timeout'] : (parseTimeout(args['timeout']) ?? defaultTimeout);
  return { socket: path, ...(alsoTried === undefined ? {} : { alsoTried }), options: { timeout } };
}

/**
 * Says on standard error why the broker did not do it.
 *
 * @param about what was refused, where there is more than one thing that could be.
 * @returns the exit status that tells.
 */
export async function reportFailure(
  error: ClientError,
  target: Target,
  world: World,
  about?: string,
): Promise<ExitStatus> {
  const names = error.tag === 'no-access' ? await world.accounts() : undefined;
  const answered = error.tag === 'refused' || error.tag === 'bad-request';
  complain(world, (answered && about !== undefined ? `${about}: ` : '') + describeClientError(error, names));
  if (error.tag === 'refused') for (const line of error.lines ?? []) complain(world, line);
  if (error.tag === 'no-broker' && target.alsoTried !== undefined) {
    complain(world, `there is none at ${target.alsoTried} either`);
  }
  if (error.tag === 'bad-request') return exitStatus.usage;
  return error.tag === 'refused' ? exitStatus.no : exitStatus.unreachable;
}

/** Says what keeps a grant from carrying anything as yet. */
export function warn({ network, caution }: Pick<OpenedGrant, 'network' | 'caution'>, world: World): void {
  if (caution !== undefined) complain(world, `network ${network}: ${caution}`);
}
