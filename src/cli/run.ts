/** `fdbroker`: from the command line to the one command's module, which alone is loaded. */
import yargs, { type Argv } from 'yargs';
import { type Arguments, type Command, UsageError } from './command.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { complain, type World } from './world.js';

interface Entry {
  readonly usage: string;
  readonly describe: string;
  load(): Promise<Command>;
}

/** Commands that dispatch.ts has before yargs is loaded: here only for the list. */
function loadFirst(name: string): Promise<Command> {
  const refuse = () => {
    throw new UsageError(`${name} must be the first word: fdbroker ${name} …`);
  };
  return Promise.resolve({ options: refuse, run: refuse });
}

/** In the order in which `--help` shows them. */
const commands: readonly Entry[] = [
  { usage: 'exec', describe: 'Start QEMU or another program with its networks', load: () => loadFirst('exec') },
  { usage: 'open', describe: 'Start a program with one network', load: () => loadFirst('open') },
  { usage: 'attach', describe: 'Give a network to a guest that runs', load: () => loadFirst('attach') },
  { usage: 'detach', describe: 'Take it away again', load: () => loadFirst('detach') },
  { usage: 'networks', describe: 'Show the networks you may use', load: () => import('./networks.js') },
  { usage: 'ports', describe: 'Show your ports; to root and the admin group, all', load: () => import('./ports.js') },
  {
    usage: 'release <grant..>',
    describe: 'End grants: their guests lose that network',
    load: () => import('./release.js'),
  },
  {
    usage: 'switch',
    describe: 'Show the switch: networks, ports, addresses, what was dropped and why',
    load: () => import('./switch.js'),
  },
  { usage: 'top', describe: 'Show what passes each port of the switch, as it goes', load: () => import('./top.js') },
  {
    usage: 'capture <network>',
    describe: 'Write the frames of a network to a file, as pcapng',
    load: () => import('./capture.js'),
  },
  { usage: 'status', describe: 'Show how the broker is', load: () => import('./status.js') },
  { usage: 'reload', describe: 'Make the broker read its configuration anew', load: () => import('./reload.js') },
  {
    usage: 'doctor',
    describe: 'Look for what keeps you from a network, and tell what mends it',
    load: () => import('./doctor.js'),
  },
  { usage: 'check [file]', describe: 'Check a configuration, without a broker', load: () => import('./check.js') },
  {
    usage: 'explain',
    describe: 'Tell what the rules say and why, without a broker',
    load: () => import('./explain.js'),
  },
  {
    usage: 'import-bridge-conf <file>',
    describe: "Print the sections for qemu-bridge-helper's bridge.conf",
    load: () => import('./import-bridge-conf.js'),
  },
];

const epilogue =
  'Exit status: 0 done, 1 the answer is no, 2 wrong usage, 3 no broker or no access, 4 fdbroker failed; of exec and open: 126 the command may not be run, 127 it is not there.';

/** @param args the words after the program's name. */
export async function run(args: readonly string[], world: World): Promise<ExitStatus> {
  let chosen: { readonly command: Command; readonly parsed: Arguments } | undefined;
  const parser = yargs()
    .scriptName('fdbroker')
    .usage('$0 COMMAND [options]\n\nAsks fdbrokerd(8), which hands QEMU its network, and checks its configuration.')
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'greedy-arrays': false,
    })
    .detectLocale(false)
    .exitProcess(false)
    .strict()
    .recommendCommands()
    .demandCommand(1, 'a command is missing')
    .help()
    .alias('help', 'h')
    .version(`fdbroker ${world.version}`)
    .wrap(Math.min(100, world.columns))
    .epilogue(epilogue)
    .fail((message, error) => {
      throw error ?? new UsageError(message);
    });
  for (const { usage, describe, load } of commands) {
    let command: Command | undefined;
    parser.command(
      usage,
      describe,
      async (one: Argv) => {
        command = await load();
        return command.options(one);
      },
      (parsed) => {
        if (command !== undefined) chosen = { command, parsed };
      },
    );
  }
  let shown = '';
  try {
    await parser.parseAsync([...args], {}, (_error: unknown, _argv: unknown, output: string) => {
      shown = output;
    });
  } catch (error) {
    // yargs throws some of its complaints itself
    if (!(error instanceof UsageError) && (error as Error).name !== 'YError') throw error;
    return refuseUsage((error as Error).message, args[0], world);
  }
  if (chosen === undefined) {
    world.out(`${shown.trimEnd()}\n`);
    return exitStatus.ok;
  }
  return chosen.command.run(chosen.parsed, world);
}

function refuseUsage(message: string, first: string | undefined, world: World): ExitStatus {
  const known = commands.some(({ usage }) => usage.split(' ')[0] === first);
  const hint = message.startsWith('Did you mean') ? message.replace('Did', '; did') : '';
  if (first !== undefined && !first.startsWith('-') && !known) {
    complain(world, `there is no command ${JSON.stringify(first)}${hint}`);
  } else complain(world, rephrase(message));
  complain(world, `try "fdbroker ${known ? `${first} ` : ''}--help"`);
  return exitStatus.usage;
}

/** The wording of yargs, made ours. */
const wordings: readonly (readonly [RegExp, string])[] = [
  [/^Not enough arguments following: (.*)$/s, '--$1 needs a value'],
  [/^Not enough non-option arguments.*$/s, 'an operand is missing'],
  [/^Missing required argument: (\S+).*$/s, '--$1 is missing'],
  [/^Arguments (\S+) and (\S+) are mutually exclusive$/, '"$1" and "$2" exclude each other'],
  [/^Invalid values:\s+Argument: (\S+), Given: (.*), Choices: (.*)$/s, '--$1 cannot be $2; choose one of $3'],
];

function rephrase(message: string): string {
  const [pattern, ours] = wordings.find(([theirs]) => theirs.test(message)) ?? [];
  if (pattern !== undefined && ours !== undefined) return message.replace(pattern, ours);
  return message.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}
