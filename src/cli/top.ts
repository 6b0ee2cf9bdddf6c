/** `fdbroker top`: what passes each port of the switch, as it goes. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Argv } from 'yargs';
import type { ClientError } from '../client/error.js';
import { readSwitch, type SwitchReport } from '../client/inspect.js';
import { brokerOptions, reportFailure, type Target, targetOf } from './ask-broker.js';
import { type Arguments, UsageError, valueOption } from './command.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { formatQuantity } from './quantity.js';
import { type PortRates, portRates } from './rates.js';
import { nothingThere, portName, type UserNames } from './switch.js';
import { type Column, formatTable } from './table.js';
import { formatTime } from './time.js';
import type { Terminal, World } from './world.js';

export function options(yargs: Argv): Argv {
  const { socket, timeout } = brokerOptions;
  return yargs.options({
    ...{ socket, timeout },
    interval: valueOption('interval', 'Seconds between two looks [default: 1]', {
      coerce: numberFor('--interval', 0.1, 3600),
    }),
    rounds: valueOption('rounds', 'End after so many tables', { coerce: numberFor('--rounds', 1, 1e9) }),
  });
}

function numberFor(name: string, least: number, most: number) {
  return (value: unknown): number | undefined => {
    if (value === undefined) return undefined;
    const number = Number(value);
    if (typeof value !== 'string' || !/^\d+(\.\d+)?$/.test(value) || number < least || number > most) {
      throw new UsageError(`${name} takes a number from ${least} to ${most}, once`);
    }
    return number;
  };
}

export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const target = targetOf(args, world);
  const { terminal } = world;
  const stop = new AbortController();
  const wanted = AbortSignal.any([stop.signal, world.interrupted()]);
  const leave = terminal === undefined ? () => {} : enter(terminal, world, () => stop.abort());
  try {
    const failed = await watch(args, target, world, wanted);
    if (failed === undefined) return exitStatus.ok;
    leave();
    return await reportFailure(failed, target, world);
  } finally {
    leave();
  }
}

/** @returns why it could not go on; undefined: it has ended in order. */
async function watch(
  args: Arguments,
  target: Target,
  world: World,
  stop: AbortSignal,
): Promise<ClientError | undefined> {
  const interval = Number(args['interval'] ?? 1);
  const rounds = Number(args['rounds'] ?? Number.POSITIVE_INFINITY);
  const accounts = await world.accounts();
  const names = (uid: number) => accounts.userName(uid);
  let before: SwitchReport | undefined;
  for (let round = 0; !stop.aborted; ) {
    const report = await readSwitch(target.socket, { ...target.options, addresses: false });
    if (report.isErr()) return report.error;
    // The first look has nothing to compare with
    if (before !== undefined || report.value === undefined) {
      world.out(picture(before, report.value, names, world));
      round += 1;
      if (round >= rounds) return undefined;
    }
    before = report.value;
    await delay(interval * 1000, undefined, { signal: stop }).catch(() => {});
  }
  return undefined;
}

const [clear, hide, show] = ['\u001b[H\u001b[J', '\u001b[?1049h\u001b[?25l', '\u001b[?25h\u001b[?1049l'];

/** The last two: Ctrl-C, which is no signal here, and Ctrl-D. */
const endKeys = ['q', 'Q', '\u0003', '\u0004'];

/** Shows another screen, until what is returned is called; the one before is there again then. */
function enter(terminal: Terminal, world: World, end: () => void): () => void {
  const release = terminal.keys((keys) => {
    if (endKeys.some((key) => keys.includes(key))) end();
  });
  world.out(hide);
  let left = false;
  return () => {
    if (left) return;
    left = true;
    release();
    world.out(show);
  };
}

function picture(
  before: SwitchReport | undefined,
  after: SwitchReport | undefined,
  names: UserNames,
  world: World,
): string {
  const rates = after === undefined ? [] : portRates(before, after);
  const title = `${formatTime(world.now())}  ${rates.length} ports`;
  const text = rates.length === 0 ? `${nothingThere}\n` : formatTable(columnsFor(names), rates, false);
  const { terminal } = world;
  if (terminal === undefined) return `${title}\n${text}\n`;
  const { columns, rows } = terminal;
  const lines = [`${title}; q ends`, ...text.trimEnd().split('\n')].slice(0, Math.max(1, rows - 1));
  return clear + lines.map((line) => `${[...line].slice(0, columns).join('')}\r\n`).join('');
}

function columnsFor(userName: UserNames): readonly Column<PortRates>[] {
  const rate = (heading: string, of: (rates: PortRates) => number): Column<PortRates> => ({
    heading,
    align: 'right',
    cell: (rates) => formatQuantity(of(rates)),
  });
  return [
    { heading: 'PORT', cell: ({ port }) => portName(port) },
    { heading: 'NETWORK', cell: ({ port }) => port.network },
    { heading: 'USER', cell: ({ port: { uid } }) => (uid === null ? '-' : (userName(uid) ?? String(uid))) },
    rate('RX-FRAMES/S', ({ rxFrames }) => rxFrames),
    rate('RX-BIT/S', ({ rxBits }) => rxBits),
    rate('TX-FRAMES/S', ({ txFrames }) => txFrames),
    rate('TX-BIT/S', ({ txBits }) => txBits),
    rate('DROPPED/S', ({ dropped }) => dropped),
    { heading: 'ADDRESSES', align: 'right', cell: ({ port }) => String(port.addresses) },
  ];
}
