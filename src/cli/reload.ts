/** `fdbroker reload`: makes the broker read its configuration anew. */
import type { Argv } from 'yargs';
import { reloadConfig } from '../client/verbs.js';
import { plural } from '../core/plural.js';
import type { ReloadListing } from '../protocol/listing.js';
import { brokerOptions, reportFailure, targetOf } from './ask-broker.js';
import type { Arguments } from './command.js';
import { escapeText, toJson } from './escape.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import type { World } from './world.js';

export function options(yargs: Argv): Argv {
  return yargs.options(brokerOptions);
}

export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const target = targetOf(args, world);
  const reloaded = await reloadConfig(target.socket, target.options);
  if (reloaded.isErr()) return reportFailure(reloaded.error, target, world);
  world.out(args['json'] ? toJson(reloaded.value) : formatReload(reloaded.value));
  return exitStatus.ok;
}

function formatReload({ files, networks, rules, atNextStart, unusable }: ReloadListing): string {
  const counts = `${plural(networks, 'network')} and ${plural(rules, 'rule')} from ${plural(files.length, 'file')}`;
  const later = atNextStart.map(
    (setting) => `${escapeText(setting)} has changed, and counts at the broker's next start\n`,
  );
  const wrong = unusable.map((line) => `${escapeText(line)}\n`);
  return `reloaded: ${counts}\n${later.join('')}${wrong.join('')}`;
}
