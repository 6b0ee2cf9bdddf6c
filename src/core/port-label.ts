/** What the broker writes on a port of the switch, so that it can be told of it: the grant, or of an uplink the network. */
import { formatAlias, type Grant, parseAlias } from './grant.js';
import { type NetworkName, parseNetworkName } from './names.js';

export interface PortLabel {
  readonly network: NetworkName;
  /** Of a guest's port. */
  readonly guest?: {
    readonly grant: Grant;
    /** Bytes without the Ethernet header. */
    readonly mtu: number;
  };
}

export function formatPortLabel({ network, guest }: PortLabel): string {
  return guest === undefined ? network : `${guest.mtu} ${formatAlias(guest.grant)}`;
}

/** @returns undefined for what formatPortLabel() does not make. */
export function parsePortLabel(label: string): PortLabel | undefined {
  const [first = '', ...rest] = label.split(' ');
  const grant = parseAlias(rest.join(' '));
  if (grant !== undefined && /^\d{1,5}$/.test(first)) {
    return { network: grant.network, guest: { grant, mtu: Number(first) } };
  }
  return parseNetworkName(label).match(
    (network) => ({ network }),
    () => undefined,
  );
}
