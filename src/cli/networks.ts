/** `fdbroker networks`: the networks that the caller may use, and what each can do. */
import type { Argv } from 'yargs';
import { listNetworks } from '../client/verbs.js';
import type { NetworkListing } from '../protocol/listing.js';
import { brokerOptions, reportFailure, targetOf } from './ask-broker.js';
import type { Arguments } from './command.js';
import { escapeText, toJson } from './escape.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { type Paint, paint } from './paint.js';
import { type Column, formatTable } from './table.js';
import { complain, type World } from './world.js';

export function options(yargs: Argv): Argv {
  return yargs.options(brokerOptions);
}

export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const target = targetOf(args, world);
  const networks = await listNetworks(target.socket, target.options);
  if (networks.isErr()) return reportFailure(networks.error, target, world);
  if (args['json']) world.out(toJson(networks.value));
  else if (networks.value.length === 0) {
    complain(
      world,
      'no rule lets you use a network; "fdbroker explain --network NAME" tells what would have to change',
    );
  } else world.out(formatNetworks(networks.value, world.colour));
  return exitStatus.ok;
}

/** The table, and below it a line for each network that cannot be used now, or whose users should know more. */
export function formatNetworks(networks: readonly NetworkListing[], colour: boolean): string {
  const remark = (name: string, what: string | null, hue: Paint) =>
    what === null
      ? []
      : [`${paint(`${escapeText(name)}:`, colour ? hue : undefined)} ${escapeText(withoutName(what, name))}\n`];
  const remarks = networks.flatMap(({ name, problem, caution }) => [
    ...remark(name, problem, 'red'),
    ...remark(name, caution, 'yellow'),
  ]);
  return formatTable(columns, networks, colour) + remarks.join('');
}

/** The broker's sentences begin with the network where they are an answer to who asked for it; here a line does. */
function withoutName(what: string, name: string): string {
  const begin = `network "${name}": `;
  return what.startsWith(begin) ? what.slice(begin.length) : what;
}

const columns: readonly Column<NetworkListing>[] = [
  {
    heading: 'NETWORK',
    cell: ({ name }) => name,
    paint: ({ problem }) => (problem === null ? undefined : 'red'),
  },
  { heading: 'TYPE', cell: ({ type }) => type },
  { heading: 'ON', cell: ({ on }) => on },
  { heading: 'MTU', align: 'right', cell: ({ mtu }) => String(mtu ?? '-') },
  { heading: 'VLAN', align: 'right', cell: ({ vlan }) => String(vlan ?? '-') },
  { heading: 'FORMS', cell: ({ forms }) => forms.join(',') || '-' },
  { heading: 'QUEUES', align: 'right', cell: ({ maxQueues }) => String(maxQueues) },
  { heading: 'VHOST', cell: ({ vhost, vhostAvailable }) => (vhost === 'no' || vhostAvailable ? vhost : 'missing') },
  {
    heading: 'PORTS',
    align: 'right',
    cell: ({ usedPorts, maxPorts }) => (maxPorts === null ? String(usedPorts) : `${usedPorts}/${maxPorts}`),
    paint: ({ usedPorts, maxPorts }) => (maxPorts !== null && usedPorts >= maxPorts ? 'yellow' : undefined),
  },
  { heading: 'REACHES', cell: describeReach },
  { heading: 'POLICY', cell: describePolicy },
];

/** Nobody, while the network cannot be used: no guest is on a bridge that is missing or down. */
function describeReach(network: NetworkListing): string {
  if (network.problem !== null) return '-';
  const reached = [
    reach('guests', network.guestsReachEachOther),
    reach('host', network.hostReachable),
    reach('outside', network.outsideReachable) + describeWay(network),
  ];
  return reached.filter((word) => word !== '').join(',') || '-';
}

/** How guests get outside: `(eth0)`, or by the host, which routes; of many interfaces the first. */
function describeWay({ outsideReachable, uplinks, routed }: NetworkListing): string {
  if (outsideReachable !== true) return '';
  const [first, ...others] = uplinks;
  if (first === undefined) return routed ? '(routed)' : '';
  return others.length === 0 ? `(${first})` : `(${first}+${others.length})`;
}

/** @param reachable null: not known. */
function reach(whom: string, reachable: boolean | null): string {
  return reachable === null ? `${whom}?` : reachable ? whom : '';
}

/** Begins with who drops what a guest may not send: nobody, or the bridge by what follows. Ends with what the caller may. */
function describePolicy({ filteredBy, lockMac, isolated, hairpin, capture }: NetworkListing): string {
  const policy = [
    filteredBy.length === 0 ? 'unfiltered' : '',
    lockMac ? 'lock-mac' : '',
    isolated ? 'isolated' : '',
    hairpin ? 'hairpin' : '',
    capture ? 'capture' : '',
  ];
  return policy.filter((word) => word !== '').join(',') || '-';
}
