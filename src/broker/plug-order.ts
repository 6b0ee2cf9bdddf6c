/** What the switch is told of a port: of a guest's, and of one that a network has by itself. */
import { isDeepStrictEqual } from 'node:util';
import { formatPortLabel, type OwnRole, type PortLabel, parsePortLabel } from '../core/port-label.js';
import { socketOf } from '../core/qdes-line.js';
import { accessVlan, type SwitchedNetwork } from '../core/switched.js';
import type { OwnPortPlan } from '../networks/network.js';
import type { SwitchPortWish } from '../networks/switched.js';
import { largestOf } from '../networks/uplink.js';
import type { PlugOrder } from '../protocol/switch-order.js';

/** Ethernet's header and two VLAN tags. */
const overhead = 22;
const guestAddresses = 1024;
const ownAddresses = 65_536;
/** Frames to all of one guest, or of the host, in a second. */
const stationFloods = 10_000;

/** But for the numbers of port and network. */
export type About = Omit<PlugOrder, 'port' | 'network'>;

export function guestOrder({ network, grant, form, mtu }: SwitchPortWish): About {
  const { lockMac, isolated } = network;
  return {
    ...{ kind: form, uplink: false, label: formatPortLabel({ network: network.name, guest: { grant, mtu } }) },
    ...{ locked: lockMac, isolated, addresses: lockMac ? [grant.mac] : [], ...ofAll(network) },
    ...{ maxFrame: largestOf(network, mtu) + overhead, maxAddresses: guestAddresses, floodRate: stationFloods },
  };
}

export function ownOrder(
  network: SwitchedNetwork,
  role: OwnRole,
  { kind, on, mtu, addresses = [], member = false, line }: Omit<OwnPortPlan, 'open'>,
): About {
  return {
    ...{ kind, uplink: !member, label: formatPortLabel({ network: network.name, own: { role, on } }) },
    ...{ locked: false, isolated: false, addresses, maxAddresses: ownAddresses, ...ofAll(network) },
    ...{ maxFrame: mtu + overhead, ...(member ? { floodRate: stationFloods } : {}) },
    ...(line === undefined ? {} : { line }),
  };
}

/** What holds for every port of the network. */
function ofAll(network: SwitchedNetwork): Pick<PlugOrder, 'vlan' | 'bond'> {
  const vlan = accessVlan(network);
  return {
    ...(vlan === undefined ? {} : { vlan }),
    // Also before the interface is there
    ...(network.type === 'qdes' ? { bond: socketOf(network) } : {}),
  };
}

/** Whose port it is. Throws for a label that no broker has written. */
export function readLabel({ label }: PlugOrder): PortLabel {
  const read = parsePortLabel(label);
  if (read === undefined) throw new Error(`a port of the switch with the label ${label}`);
  return read;
}

/** The ifindex of what one of a network's own ports is made on; NaN: it is on something else. */
export function madeOn({ label }: PlugOrder): number {
  return Number(parsePortLabel(label)?.own?.on.split(' ')[0] ?? Number.NaN);
}

/** Whether a port is what it would be if it were made now. */
export function isAs({ port: _, network: __, ...about }: PlugOrder, wanted: About): boolean {
  return isDeepStrictEqual(about, wanted);
}
