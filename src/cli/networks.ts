/** `fdbroker networks`: the networks that the caller may use, and what each can do. */
import type { Argv } from 'yargs';
import { listNetworks } from '../client/verbs.js';
import type { NetworkListing } from '../protocol/listing.js';
import { brokerOptions, reportFailure, targetOf } from './ask-broker.js';
import type { Arguments } from './command.js';
import { escapeText, toJson } from './escape.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { paint } from './paint.js';
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

/** The table, and below it a line for each network that cannot be used now. */
export function formatNetworks(networks: readonly NetworkListing[], colour: boolean): string {
  const problems = networks.flatMap(({ name, problem }) =>
    problem === null ? [] : [`${paint(`${escapeText(name)}:`, colour ? 'red' : undefined)} ${escapeText(problem)}\n`],
  );
  return formatTable(columns, networks, colour) + problems.join('');
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
  { heading: 'FORMS', cell: ({ forms }) => forms.join(',') },
  { heading: 'QUEUES', align: 'right', cell: ({ maxQueues }) => String(maxQueues) },
  { heading: 'VHOST', cell: ({ vhost }) => vhost },
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
    reach('outside', network.outsideReachable),
  ];
  return reached.filter((word) => word !== '').join(',') || '-';
}

/** @param reachable null: not known. */
function reach(whom: string, reachable: boolean | null): string {
  return reachable === null ? `${whom}?` : reachable ? whom : '';
}

function describePolicy({ lockMac, isolated, hairpin }: NetworkListing): string {
  const policy = [lockMac ? 'lock-mac' : '', isolated ? 'isolated' : '', hairpin ? 'hairpin' : ''];
  return policy.filter((word) => word !== '').join(',') || '-';
}
