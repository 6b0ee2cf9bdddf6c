/** What the broker writes on a port of the switch, so that it can be told of it: the grant, or which of the network's own it is. */
import { formatAlias, type Grant, parseAlias } from './grant.js';
import { type NetworkName, parseNetworkName } from './names.js';

/** The ports that a network has by itself, one of each at most. */
export const ownRoles = ['uplink', 'host'] as const;

/**
 * - uplink: the way to the outside;
 * - host: this host's own end.
 */
export type OwnRole = (typeof ownRoles)[number];

export interface PortLabel {
  readonly network: NetworkName;
  /** Of a guest's port. */
  readonly guest?: {
    readonly grant: Grant;
    /** Bytes without the Ethernet header. */
    readonly mtu: number;
  };
  /** Of one that the network has by itself. */
  readonly own?: {
    readonly role: OwnRole;
    /** What it is made on: where that is different by now, another port is wanted. */
    readonly on: string;
  };
}

export function formatPortLabel({ network, guest, own }: PortLabel): string {
  if (guest !== undefined) return `${guest.mtu} ${formatAlias(guest.grant)}`;
  return [network, own?.role, own?.on].filter((word) => word !== undefined && word !== '').join(' ');
}

/** @returns undefined for what formatPortLabel() does not make. */
export function parsePortLabel(label: string): PortLabel | undefined {
  const [first = '', ...rest] = label.split(' ');
  const grant = parseAlias(rest.join(' '));
  if (grant !== undefined && /^\d{1,5}$/.test(first)) {
    return { network: grant.network, guest: { grant, mtu: Number(first) } };
  }
  // An earlier version's switch has uplinks that say no more than their network
  const [word = 'uplink', ...on] = rest;
  const role = ownRoles.find((one) => one === word);
  if (role === undefined) return undefined;
  return parseNetworkName(first).match(
    (network) => ({ network, own: { role, on: on.join(' ') } }),
    () => undefined,
  );
}
