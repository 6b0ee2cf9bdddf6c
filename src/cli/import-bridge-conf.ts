/** `fdbroker import-bridge-conf FILE`: qemu-bridge-helper's bridge.conf as sections of fdbroker.ini. */
import { existsSync, readdirSync } from 'node:fs';
import type { Argv } from 'yargs';
import { formatConfigError } from '../config/errors.js';
import { importBridgeConf } from '../config/import-bridge-conf.js';
import { readPlainFile } from '../config/trusted-file.js';
import type { ConfigError } from '../core/config.js';
import { type InterfaceName, parseInterfaceName } from '../core/names.js';
import { type Arguments, jsonOption, oneValue, textOf } from './command.js';
import { toJson } from './escape.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { complain, type World } from './world.js';

export function options(yargs: Argv): Argv {
  return yargs
    .positional('file', {
      type: 'string',
      describe: 'The file; its includes are followed',
      coerce: (value: unknown) => oneValue('FILE', value),
    })
    .options(jsonOption)
    .example('$0 import-bridge-conf /etc/qemu/bridge.conf >/etc/fdbroker/conf.d/bridges.ini', 'Move over');
}

/** What the sections cannot say goes to standard error, so that it is seen also when they go to a file. */
export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const file = textOf(args, 'file') ?? '';
  const imported = importBridgeConf(file, { read: readPlainFile, bridges: listBridges() });
  const remarks = imported.isErr() ? imported.error : imported.value.notes;
  for (const remark of remarks) complain(world, formatConfigError(remark));
  if (imported.isErr()) return exitStatus.no;
  const { text, notes } = imported.value;
  world.out(args['json'] ? toJson({ file, config: text, notes: notes.map(placeOf) }) : text);
  return exitStatus.ok;
}

function placeOf({ file, line, what }: ConfigError): object {
  return { file, line, what };
}

/** The bridges that this host has (sysfs: a bridge has a folder of that name). None where there is no sysfs. */
function listBridges(folder = '/sys/class/net'): readonly InterfaceName[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(`${folder}/${name}/bridge`))
    .flatMap((name) =>
      parseInterfaceName(name).match(
        (bridge) => [bridge],
        () => [],
      ),
    );
}
