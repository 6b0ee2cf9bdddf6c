/** `fdbroker switch`: the networks and ports of the switch, what they carried and dropped, and who is behind them. */
import type { Argv } from 'yargs';
import { readSwitch, type SwitchReport } from '../client/inspect.js';
import { plural } from '../core/plural.js';
import type {
  LostPortListing,
  SwitchAddressListing,
  SwitchNetworkListing,
  SwitchPeerListing,
  SwitchPortListing,
} from '../protocol/switch-report.js';
import { brokerOptions, reportFailure, targetOf } from './ask-broker.js';
import type { Arguments } from './command.js';
import { escapeText, toJson } from './escape.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { paint } from './paint.js';
import { type Column, formatTable } from './table.js';
import { formatAge } from './time.js';
import { complain, type World } from './world.js';

/** By uid; undefined: the host knows none. */
export type UserNames = (uid: number) => string | undefined;

/** What is said where there is no switch, or nothing to be seen of it. */
export const nothingThere =
  'no port at the switch; a guest gets one by "fdbroker exec" on a network of type packet, multicast or qdes';

export function options(yargs: Argv): Argv {
  return yargs.options(brokerOptions);
}

export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const target = targetOf(args, world);
  const report = await readSwitch(target.socket, target.options);
  if (report.isErr()) return reportFailure(report.error, target, world);
  if (args['json']) world.out(toJson(report.value ?? null));
  else if (report.value === undefined || report.value.ports.length === 0) complain(world, nothingThere);
  else {
    const accounts = await world.accounts();
    world.out(formatSwitch(report.value, (uid) => accounts.userName(uid), world.colour));
  }
  return exitStatus.ok;
}

export function formatSwitch(report: SwitchReport, userName: UserNames, colour: boolean): string {
  const names = new Map(report.ports.map((port) => [port.port, portName(port)]));
  const remarks = report.ports.flatMap((port) => {
    const text = describeTrouble(port);
    return text === '' ? [] : [`${paint(`${portName(port)}:`, colour ? 'yellow' : undefined)} ${escapeText(text)}\n`];
  });
  const parts = [
    formatTable(networkColumns, report.networks, colour),
    formatTable(portColumns(userName), report.ports, colour) + remarks.join(''),
    formatTable(lostColumns, report.lost, colour),
    formatTable(peerColumns, report.peers, colour),
    formatTable(addressColumns(names), report.addresses, colour),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

/** The grant, or of one that the network has by itself which of these it is, and the network. */
export function portName({ grant, kind, network }: SwitchPortListing): string {
  return grant ?? `${kind === 'host' ? kind : 'uplink'}/${network}`;
}

const networkColumns: readonly Column<SwitchNetworkListing>[] = [
  { heading: 'NETWORK', cell: ({ network }) => network },
  { heading: 'THREAD', align: 'right', cell: ({ thread }) => String(thread) },
  { heading: 'PORTS', align: 'right', cell: ({ ports }) => String(ports) },
  { heading: 'ADDRESSES', align: 'right', cell: ({ addresses }) => String(addresses) },
];

export function droppedBy({ drops }: SwitchPortListing): number {
  return Object.values(drops).reduce((sum, frames) => sum + frames, 0);
}

function portColumns(userName: UserNames): readonly Column<SwitchPortListing>[] {
  return [
    { heading: 'PORT', cell: portName },
    { heading: 'NETWORK', cell: ({ network }) => network },
    { heading: 'KIND', cell: ({ kind }) => kind },
    { heading: 'USER', cell: ({ uid }) => (uid === null ? '-' : (userName(uid) ?? String(uid))) },
    { heading: 'ADDRESSES', align: 'right', cell: ({ addresses }) => String(addresses) },
    { heading: 'RX-FRAMES', align: 'right', cell: ({ rxFrames }) => String(rxFrames) },
    { heading: 'RX-BYTES', align: 'right', cell: ({ rxBytes }) => String(rxBytes) },
    { heading: 'TX-FRAMES', align: 'right', cell: ({ txFrames }) => String(txFrames) },
    { heading: 'TX-BYTES', align: 'right', cell: ({ txBytes }) => String(txBytes) },
    {
      heading: 'DROPPED',
      align: 'right',
      cell: (port) => String(droppedBy(port)),
      paint: (port) => (droppedBy(port) > 0 ? 'yellow' : undefined),
    },
  ];
}

/** What hardly is but by a mistake in the configuration of one of the hosts. */
const questions: Readonly<Record<string, string>> = {
  'bad-header': 'have all hosts of the network the same encapsulation, and all or none a key-file?',
  unverified: 'have all hosts of the network the same keys?',
};

/** Why frames were dropped, and what else was not done for it; empty: nothing. */
function describeTrouble({ drops, notLearned, moves }: SwitchPortListing): string {
  const reasons = Object.entries(drops).map(([reason, frames]) => `${frames} ${reason}`);
  return [
    reasons.length === 0 ? '' : `dropped ${reasons.join(', ')}`,
    ...Object.keys(drops).map((reason) => questions[reason] ?? ''),
    notLearned === 0 ? '' : `${plural(notLearned, 'frame')} from addresses that there was no room for`,
    moves === 0 ? '' : `an address came here from another port ${plural(moves, 'time')}`,
  ]
    .filter((text) => text !== '')
    .join('; ');
}

const lostColumns: readonly Column<LostPortListing>[] = [
  { heading: 'LOST', cell: ({ role, network }) => `${role}/${network}`, paint: () => 'red' },
  { heading: 'FOR', align: 'right', cell: ({ since }) => formatAge(Math.floor(Date.now() / 1000) - since) },
  { heading: 'WHY', cell: ({ reason }) => reason },
];

const peerColumns: readonly Column<SwitchPeerListing>[] = [
  { heading: 'PEER', cell: ({ address }) => address },
  { heading: 'NETWORK', cell: ({ network }) => network },
  {
    heading: 'HEARD',
    align: 'right',
    cell: ({ age }) => (age === null ? 'never' : formatAge(age)),
    paint: ({ age }) => (age === null ? 'yellow' : undefined),
  },
  {
    heading: 'ROUND-TRIP',
    align: 'right',
    cell: ({ roundTrip }) => (roundTrip === null ? '-' : `${(roundTrip / 1000).toFixed(2)}ms`),
  },
];

function addressColumns(names: ReadonlyMap<number, string>): readonly Column<SwitchAddressListing>[] {
  return [
    { heading: 'ADDRESS', cell: ({ address }) => address },
    { heading: 'NETWORK', cell: ({ network }) => network },
    { heading: 'BEHIND', cell: ({ port }) => names.get(port) ?? '?' },
    { heading: 'AGE', align: 'right', cell: ({ age }) => (age === null ? 'fixed' : formatAge(age)) },
  ];
}
