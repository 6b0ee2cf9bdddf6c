/** `fdbroker check [FILE]`: whether the broker would take a configuration, and all that is wrong with it. */
import path from 'node:path';
import type { Argv } from 'yargs';
import { formatConfigError } from '../config/errors.js';
import { warnOfKeyFiles } from '../config/key-warnings.js';
import { loadConfig } from '../config/load.js';
import { warnOfLowPorts, warnOfSharedPorts } from '../config/port-warnings.js';
import {
  warnOfSharedBridges,
  warnOfSharedParents,
  warnOfSharedPools,
  warnOfSharedWires,
  warnOfUnreadable,
} from '../config/warnings.js';
import type { Accounts, Config, ConfigError } from '../core/config.js';
import { plural } from '../core/plural.js';
import { type Arguments, jsonOption, oneValue, textOf, userModeOption } from './command.js';
import { chooseConfig } from './config-choice.js';
import { escapeText, toJson } from './escape.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import type { World } from './world.js';

export function options(yargs: Argv): Argv {
  return yargs
    .positional('file', {
      type: 'string',
      describe: 'The main file; conf.d/*.ini beside it is checked too',
      coerce: (value: unknown) => oneValue('FILE', value),
    })
    .options({ ...userModeOption, ...jsonOption })
    .conflicts('file', 'user-mode')
    .example('$0 check', "Check the system's configuration")
    .example('$0 check ./fdbroker.ini', 'Check a draft');
}

/** Whom the broker runs as, by conf/sysusers. */
const brokerUser = 'fdbroker';

/** Errors and warnings go to standard output: they are what was asked for. */
export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const { file, owner } = chooseConfig(textOf(args, 'file'), args, world);
  const accounts = await world.accounts();
  const checked = loadConfig(file, { accounts, owner });
  const errors = checked.isErr() ? checked.error : [];
  const warnings = checked.isErr() ? [] : warningsOf(checked.value, args, world, accounts);
  if (args['json']) {
    const config = checked.unwrapOr(undefined);
    world.out(
      toJson({
        ok: checked.isOk(),
        file,
        files: config?.files ?? null,
        networks: config?.networks.size ?? null,
        rules: config?.rules.length ?? null,
        errors: errors.map(({ file, line, what }) => ({ file, line, what })),
        warnings: warnings.map(({ file, line, what }) => ({ file, line, what })),
      }),
    );
  } else if (checked.isErr()) {
    for (const error of errors) world.out(`${escapeText(formatConfigError(error))}\n`);
  } else {
    const { networks, rules, files } = checked.value;
    for (const one of warnings) {
      world.out(`${escapeText(formatConfigError({ ...one, what: `warning: ${one.what}` }))}\n`);
    }
    const counts = [plural(networks.size, 'network'), plural(rules.length, 'rule'), plural(files.length, 'file')];
    world.out(`${escapeText(file)}: ok: ${counts.join(', ')}\n`);
  }
  return checked.isOk() ? exitStatus.ok : exitStatus.no;
}

/** Only root can see what the broker's user cannot; a draft that root names may well lie where no other user comes. */
function warningsOf(config: Config, args: Arguments, world: World, accounts: Accounts): ConfigError[] {
  const system = world.uid === 0 && args['user-mode'] !== true;
  const shared = [
    ...warnOfKeyFiles(config, system ? brokerUser : undefined, accounts),
    ...warnOfSharedBridges(config),
    ...warnOfSharedParents(config),
    ...warnOfSharedPools(config),
    ...warnOfSharedWires(config),
    ...warnOfSharedPorts(config),
    ...warnOfLowPorts(config),
  ];
  if (!system) return shared;
  const folders = new Set(textOf(args, 'file') === undefined ? config.files.map((file) => path.dirname(file)) : []);
  return [...warnOfUnreadable(brokerUser, [...folders, ...config.files], accounts), ...shared];
}
