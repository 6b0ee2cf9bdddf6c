/** `fdbroker ports`: the grants in force, own ones or, for root and the admin group, all. */
import type { Argv } from 'yargs';
import { listPorts } from '../client/verbs.js';
import type { PortListing } from '../protocol/listing.js';
import { brokerOptions, reportFailure, targetOf } from './ask-broker.js';
import type { Arguments } from './command.js';
import { toJson } from './escape.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { type Column, formatTable } from './table.js';
import { formatAge } from './time.js';
import { complain, type World } from './world.js';

/** A port with its owner's name; null where the host knows none. */
export type NamedPort = PortListing & { readonly user: string | null };

export function options(yargs: Argv): Argv {
  return yargs.options(brokerOptions);
}

export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const target = targetOf(args, world);
  const ports = await listPorts(target.socket, target.options);
  if (ports.isErr()) return reportFailure(ports.error, target, world);
  const named = await nameOwners(ports.value, world);
  if (args['json']) world.out(toJson(named));
  else if (named.length === 0) complain(world, 'no port; a guest gets one by "fdbroker exec" or fdbroker-helper(8)');
  else world.out(formatPorts(named, world.now(), world.colour));
  return exitStatus.ok;
}

async function nameOwners(ports: readonly PortListing[], world: World): Promise<NamedPort[]> {
  if (ports.length === 0) return [];
  const accounts = await world.accounts();
  const names = new Map([...new Set(ports.map(({ uid }) => uid))].map((uid) => [uid, accounts.userName(uid) ?? null]));
  return ports.map((port) => ({ ...port, user: names.get(port.uid) ?? null }));
}

/** @param now seconds since 1970. */
export function formatPorts(ports: readonly NamedPort[], now: number, colour: boolean): string {
  const columns: Column<NamedPort>[] = [
    { heading: 'GRANT', cell: ({ grant }) => grant },
    { heading: 'USER', cell: ({ user, uid }) => user ?? String(uid) },
    { heading: 'NETWORK', cell: ({ network }) => network },
    { heading: 'FORM', cell: ({ form }) => form },
    { heading: 'INTERFACE', cell: ({ ifname }) => ifname ?? '-' },
    { heading: 'MAC', cell: ({ mac }) => mac },
    {
      heading: 'STATE',
      cell: ({ state }) => state,
      paint: ({ state }) => (state === 'up' ? undefined : state === 'quarantined' ? 'red' : 'yellow'),
    },
    { heading: 'AGE', align: 'right', cell: ({ since }) => formatAge(now - since) },
    { heading: 'HOLDER', cell: ({ holder, holderName }) => (holder === 0 ? '?' : `${holder} ${holderName ?? '?'}`) },
  ];
  return formatTable(columns, ports, colour);
}
