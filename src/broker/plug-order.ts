/** What the switch is told of a port: of a guest's, and of a network's uplink. */
import { formatAlias, type Grant, parseAlias } from '../core/grant.js';
import { type NetworkName, parseNetworkName } from '../core/names.js';
import { accessVlan, type SwitchedNetwork } from '../core/switched.js';
import type { Uplink } from '../networks/network.js';
import type { SwitchPortWish } from '../networks/switched.js';
import { largestOf } from '../networks/uplink.js';
import type { PlugOrder } from '../protocol/switch-order.js';

/** Ethernet's header and two VLAN tags. */
const overhead = 22;
const guestAddresses = 1024;
const uplinkAddresses = 65_536;
/** Frames to all of one guest, in a second. */
const guestFloods = 10_000;

/** But for the numbers of port and network. */
type About = Omit<PlugOrder, 'port' | 'network'>;

export function guestOrder({ network, grant, form, mtu }: SwitchPortWish): About {
  const { lockMac, isolated } = network;
  return {
    ...{ kind: form, uplink: false, label: `${mtu} ${formatAlias(grant)}` },
    ...{ locked: lockMac, isolated, addresses: lockMac ? [grant.mac] : [], ...vlanOf(network) },
    ...{ maxFrame: largestOf(network, mtu) + overhead, maxAddresses: guestAddresses, floodRate: guestFloods },
  };
}

export function uplinkOrder(network: SwitchedNetwork, { kind, mtu, addresses = [], line }: Omit<Uplink, 'fds'>): About {
  return {
    ...{ kind, uplink: true, label: network.name, maxFrame: mtu + overhead },
    ...{ locked: false, isolated: false, addresses, maxAddresses: uplinkAddresses, ...vlanOf(network) },
    ...(line === undefined ? {} : { line }),
  };
}

function vlanOf(network: SwitchedNetwork): Pick<PlugOrder, 'vlan'> {
  const vlan = accessVlan(network);
  return vlan === undefined ? {} : { vlan };
}

/** Whose port it is. */
export interface Label {
  readonly network: NetworkName;
  /** Of a guest's port, with the bytes of its frames without the Ethernet header. */
  readonly guest?: { readonly grant: Grant; readonly mtu: number };
}

/** Throws for a label that no broker has written. */
export function readLabel({ label }: PlugOrder): Label {
  const [first = '', ...rest] = label.split(' ');
  const grant = parseAlias(rest.join(' '));
  if (grant !== undefined) return { network: grant.network, guest: { grant, mtu: Number(first) } };
  return parseNetworkName(first).match(
    (network) => ({ network }),
    () => {
      throw new Error(`a port of the switch with the label ${label}`);
    },
  );
}
