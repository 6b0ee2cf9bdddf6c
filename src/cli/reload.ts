/** `fdbroker reload`: makes the broker read its configuration anew. */
import type { Argv } from 'yargs';
import { reloadConfig } from '../client/verbs.js';
import { plural } from '../core/plural.js';
import { brokerOptions, reportFailure, targetOf } from './ask-broker.js';
import type { Arguments } from './command.js';
import { toJson } from './escape.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import type { World } from './world.js';

export function options(yargs: Argv): Argv {
  return yargs.options(brokerOptions);
}

export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const target = targetOf(args, world);
  const reloaded = await reloadConfig(target.socket, target.options);
  if (reloaded.isErr()) return reportFailure(reloaded.error, target, world);
  const { files, networks, rules } = reloaded.value;
  world.out(
    args['json']
      ? toJson(reloaded.value)
      : `reloaded: ${plural(networks, 'network')} and ${plural(rules, 'rule')} from ${plural(files.length, 'file')}\n`,
  );
  return exitStatus.ok;
}
