/** `fdbroker status`: whether the broker runs and whether its configuration is the one in the files. */
import type { Argv } from 'yargs';
import { isFullStatus, readStatus } from '../client/verbs.js';
import { plural } from '../core/plural.js';
import type { StatusListing, StatusSummary } from '../protocol/listing.js';
import { brokerOptions, reportFailure, targetOf } from './ask-broker.js';
import type { Arguments } from './command.js';
import { escapeText, toJson } from './escape.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { paint } from './paint.js';
import { formatAge, formatTime } from './time.js';
import type { World } from './world.js';

export function options(yargs: Argv): Argv {
  return yargs.options(brokerOptions);
}

export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const target = targetOf(args, world);
  const status = await readStatus(target.socket, target.options);
  if (status.isErr()) return reportFailure(status.error, target, world);
  world.out(args['json'] ? toJson(status.value) : formatStatus(status.value, target.socket, world.now(), world.colour));
  return status.value.config.state === 'ok' ? exitStatus.ok : exitStatus.no;
}

/** @param now seconds since 1970. */
export function formatStatus(
  status: StatusSummary | StatusListing,
  socket: string,
  now: number,
  colour: boolean,
): string {
  const mode = isFullStatus(status) ? `, ${status.mode} mode` : '';
  const lines: [string, string][] = [
    ['broker', `fdbrokerd ${status.version}, process ${status.pid}, up ${formatAge(now - status.since)}${mode}`],
    ['socket', socket],
    ['configuration', describeConfig(status)],
  ];
  const errors: string[] = [];
  if (isFullStatus(status)) {
    for (const file of status.config.files) lines.push(['', file]);
    errors.push(...(status.config.error ?? []));
    lines.push(['ports', String(status.ports)], ['connections', String(status.connections)]);
    lines.push(...Object.entries(status.counters).map(([name, count]): [string, string] => [name, String(count)]));
  }
  const width = Math.max(...lines.map(([name]) => name.length));
  const refused = (name: string) => colour && name === 'configuration' && status.config.state === 'refused';
  const body = lines.map(([name, text]) => {
    const shown = escapeText(text);
    return `${escapeText(name).padEnd(width)}  ${refused(name) ? paint(shown, 'red') : shown}\n`;
  });
  return body.join('') + errors.map((error) => `  ${escapeText(error)}\n`).join('');
}

function describeConfig(status: StatusSummary | StatusListing): string {
  const refused = status.config.state === 'refused';
  if (!isFullStatus(status)) {
    return refused ? 'the last reload was refused; the one before stays in force' : 'in force';
  }
  const { networks, rules, config } = status;
  const what = `${plural(networks, 'network')}, ${plural(rules, 'rule')}, loaded ${formatTime(config.loaded)}`;
  return refused ? `the last reload was refused; still in force: ${what}` : what;
}
