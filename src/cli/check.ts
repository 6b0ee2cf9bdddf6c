/** `fdbroker check [FILE]`: whether the broker would take a configuration, and all that is wrong with it. */
import type { Argv } from 'yargs';
import { formatConfigError } from '../config/errors.js';
import { loadConfig } from '../config/load.js';
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

/** Errors go to standard output: they are what was asked for. */
export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const { file, owner } = chooseConfig(textOf(args, 'file'), args, world);
  const checked = loadConfig(file, { accounts: await world.accounts(), owner });
  const errors = checked.isErr() ? checked.error : [];
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
      }),
    );
  } else if (checked.isErr()) {
    for (const error of errors) world.out(`${escapeText(formatConfigError(error))}\n`);
  } else {
    const { networks, rules, files } = checked.value;
    const counts = [plural(networks.size, 'network'), plural(rules.length, 'rule'), plural(files.length, 'file')];
    world.out(`${escapeText(file)}: ok: ${counts.join(', ')}\n`);
  }
  return checked.isOk() ? exitStatus.ok : exitStatus.no;
}
