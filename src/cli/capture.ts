/** `fdbroker capture NETWORK -w FILE`: frames as they pass the switch, as pcapng. */
import type { Argv } from 'yargs';
import { type CaptureWish, openCapture } from '../client/inspect.js';
import { parseGrantId, parseNetworkName } from '../core/names.js';
import { plural } from '../core/plural.js';
import { type CaptureBounds, mostBounds, usualBounds } from '../protocol/capture-request.js';
import { brokerOptions, reportFailure, targetOf } from './ask-broker.js';
import { CaptureFile } from './capture-file.js';
import { type Arguments, textOf, UsageError, valueOption } from './command.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { complain, type World } from './world.js';

const bounds = {
  count: { key: 'frames', what: 'frames' },
  bytes: { key: 'bytes', what: 'bytes of the file' },
  seconds: { key: 'seconds', what: 'seconds' },
} as const;

export function options(yargs: Argv): Argv {
  const { socket, timeout } = brokerOptions;
  const bound = (name: keyof typeof bounds) =>
    valueOption(name, `End after so many ${bounds[name].what} [default: ${usualBounds[bounds[name].key]}]`, {
      coerce: (value: unknown) => parseBound(name, value),
    });
  return yargs.positional('network', { type: 'string', default: undefined, describe: 'The network' }).options({
    ...{ socket, timeout },
    port: valueOption('port', 'The port of this grant alone, both ways'),
    write: valueOption('write', 'The file, or - for standard output', { alias: 'w', demandOption: true }),
    ...{ count: bound('count'), bytes: bound('bytes'), seconds: bound('seconds') },
  });
}

function parseBound(name: keyof typeof bounds, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const most = mostBounds[bounds[name].key];
  if (typeof value !== 'string' || !/^[1-9]\d{0,12}$/.test(value) || Number(value) > most) {
    throw new UsageError(`--${name} takes a number from 1 to ${most}, once`);
  }
  return Number(value);
}

export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const wish = wishOf(args);
  if (typeof wish === 'string') {
    complain(world, wish);
    return exitStatus.usage;
  }
  const target = targetOf(args, world);
  const path = textOf(args, 'write') ?? '';
  // Before a file is made, or one that is there is emptied
  const pipe = await openCapture(target.socket, wish, target.options);
  if (pipe.isErr()) return reportFailure(pipe.error, target, world);
  const file = CaptureFile.open(path);
  if (file.isErr()) {
    pipe.value.close();
    complain(world, file.error);
    return exitStatus.trouble;
  }
  const ended = await file.value.fill(pipe.value, world.interrupted(), () => {
    complain(world, `capturing network ${wish.network}; Ctrl-C ends`);
  });
  if (ended.isErr()) {
    complain(world, ended.error.message);
    return ended.error.refused ? exitStatus.no : exitStatus.trouble;
  }
  const { frames, lost } = ended.value;
  const missing = lost === 0 ? '' : `, ${plural(lost, 'frame')} lost: whoever reads must be faster`;
  complain(world, `${plural(frames, 'frame')} captured${missing}`);
  return exitStatus.ok;
}

/** @returns what is wrong, a sentence. */
function wishOf(args: Arguments): CaptureWish | string {
  const network = parseNetworkName(textOf(args, 'network') ?? '');
  if (network.isErr()) return network.error.what;
  const wish = { verb: 'capture', network: network.value, bounds: boundsOf(args) } as const;
  const port = textOf(args, 'port');
  if (port === undefined) return wish;
  return parseGrantId(port).match<CaptureWish | string>(
    (grant) => ({ ...wish, port: grant }),
    ({ what }) => what,
  );
}

function boundsOf(args: Arguments): Partial<CaptureBounds> {
  const given = Object.entries(bounds).flatMap(([name, { key }]) => {
    const value = args[name];
    return typeof value === 'number' ? [[key, value] as const] : [];
  });
  return Object.fromEntries(given);
}
