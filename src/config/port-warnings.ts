/** Ports of UDP and TCP that several networks want, or that the broker may not bind. A warning has the shape of an error. */
import { readFileSync } from 'node:fs';
import type { Config, ConfigError, Network } from '../core/config.js';
import { isIPv6Endpoint } from '../core/endpoint.js';

/** Where a network binds a socket. */
interface Place {
  readonly network: Network;
  readonly protocol: 'udp' | 'tcp';
  readonly six: boolean;
  readonly port: number;
  /** undefined: any. */
  readonly address?: string;
  /** undefined: any. */
  readonly on?: string;
}

/** Networks of which only one can have guests at a time, since they bind the same port, and those that are one group. */
export function warnOfSharedPorts({ networks }: Config): ConfigError[] {
  const places = [...networks.values()].flatMap(placeOf);
  return places.flatMap((place, at) => {
    const other = places.slice(0, at).find((earlier) => meet(earlier, place));
    if (other === undefined) return [];
    const { network, port } = place;
    const shared = `has port ${port} of [network ${other.network.name}]`;
    // Its sockets share their port with others of the same group
    const what =
      network.type === 'multicast' && other.network.type === 'multicast'
        ? `${shared}, and its group: guests of the two reach each other, whatever the rules say`
        : `${shared}, of type ${other.network.type}: while one of the two has a guest, the other gets none`;
    return [{ tag: 'config', ...network.origin, what }];
  });
}

/**
 * Ports that take a capability which the broker gives up.
 *
 * @param first the lowest that everybody may bind: this host's, where it is left out (ip(7), ip_unprivileged_port_start).
 */
export function warnOfLowPorts({ networks }: Config, first = readFirst()): ConfigError[] {
  const places = [...networks.values()].flatMap(placeOf).filter(({ port }) => port < first);
  return places.map(({ network, port }) => {
    const sysctl = `sysctl net.ipv4.ip_unprivileged_port_start=${port}`;
    const what = `has port ${port}, and the broker may bind none below ${first}: choose another, or ${sysctl}`;
    return { tag: 'config', ...network.origin, what };
  });
}

function placeOf(network: Network): Place[] {
  switch (network.type) {
    case 'udp':
      return [{ network, protocol: 'udp', six: isIPv6Endpoint(network.local), ...network.local }];
    case 'tcp':
      return network.role === 'listen'
        ? [{ network, protocol: 'tcp', six: isIPv6Endpoint(network.endpoint), ...network.endpoint }]
        : [];
    case 'multicast': {
      const { group, interface: on } = network;
      return [{ network, protocol: 'udp', six: isIPv6Endpoint(group), on, ...group }];
    }
    case 'qdes': {
      const { group, peers, port, interface: on } = network;
      const six = isIPv6Endpoint({ address: group ?? peers[0] ?? '', port });
      return [{ network, protocol: 'udp', six, port, on }];
    }
    default:
      return [];
  }
}

function meet(one: Place, other: Place): boolean {
  // Networks of QDES share a socket
  if (one.network.type === 'qdes' && other.network.type === 'qdes') return false;
  if (one.protocol !== other.protocol || one.six !== other.six || one.port !== other.port) return false;
  return overlap(one.on, other.on) && overlap(one.address, other.address);
}

function overlap(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}

function readFirst(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  } catch {
    return 1024;
  }
}
