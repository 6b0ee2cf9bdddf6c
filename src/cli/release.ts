/** `fdbroker release GRANT…`: ends grants; the guests behind them lose that network. */
import type { Argv } from 'yargs';
import { type ClientError, describeClientError } from '../client/error.js';
import { releaseGrant } from '../client/verbs.js';
import { type GrantId, parseGrantId } from '../core/names.js';
import { brokerOptions, reportFailure, targetOf } from './ask-broker.js';
import type { Arguments } from './command.js';
import { escapeText, toJson } from './escape.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { complain, type World } from './world.js';

interface Outcome {
  readonly grant: GrantId;
  readonly released: boolean;
  /** The broker's sentence where it was not, or where that left something; else null. */
  readonly message: string | null;
}

export function options(yargs: Argv): Argv {
  return yargs.options(brokerOptions).positional('grant', {
    type: 'string',
    default: undefined,
    describe: 'Grants, as "fdbroker ports" shows them',
  });
}

export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const grants: GrantId[] = [];
  for (const text of new Set(args['grant'] as readonly string[])) {
    const grant = parseGrantId(text);
    if (grant.isErr()) {
      complain(world, grant.error.what);
      return exitStatus.usage;
    }
    grants.push(grant.value);
  }
  const target = targetOf(args, world);
  const outcomes: Outcome[] = [];
  let unreachable: ClientError | undefined;
  for (const grant of grants) {
    const released = await releaseGrant(target.socket, grant, target.options);
    if (released.isErr() && released.error.tag !== 'refused') {
      unreachable = released.error;
      break;
    }
    const message = released.match(
      (note) => note ?? null,
      (error) => describeClientError(error),
    );
    outcomes.push({ grant, released: released.isOk(), message });
    if (args['json']) continue;
    if (released.isErr()) complain(world, `${grant}: ${message}`);
    else world.out(`released ${grant}${message === null ? '' : `: ${escapeText(message)}`}\n`);
  }
  if (args['json']) world.out(toJson(outcomes));
  if (unreachable !== undefined) return reportFailure(unreachable, target, world);
  return outcomes.every(({ released }) => released) ? exitStatus.ok : exitStatus.no;
}
