/** What a switch needs to know of a QDES network besides its socket, and which networks share one. */
import type { Endpoint, QdesNetwork } from './config.js';
import { isIPv6Endpoint } from './endpoint.js';

export interface QdesLine {
  /** Names the socket: the ports of the switch where it is the same have the same one. */
  readonly socket: string;
  readonly id: number;
  readonly encapsulation: QdesNetwork['encapsulation'];
  /** Of UDP, on every host. */
  readonly port: number;
  readonly group?: Endpoint;
  /** Hosts that get what is for all; without a group, no others are heard. */
  readonly peers: readonly Endpoint[];
  /** Of 32 bytes each, in hexadecimal: what is sent is sealed with the first, what comes with any. Left out: nothing is. */
  readonly keys?: readonly string[];
}

export function isIPv6Network({ group, peers }: Pick<QdesNetwork, 'group' | 'peers'>): boolean {
  return isIPv6Endpoint({ address: group ?? peers[0] ?? '', port: 0 });
}

/** @param on what tells one interface from another. */
export function socketOf(network: QdesNetwork, on: string | number = network.interface): string {
  return `${isIPv6Network(network) ? 6 : 4}/${network.port}/${on}`;
}

/** @param socket of socketOf(). */
export function lineOf(
  { id, encapsulation, group, peers, port }: QdesNetwork,
  socket: string,
  keys?: readonly string[],
): QdesLine {
  return {
    ...{ socket, id, encapsulation, port },
    ...(keys === undefined ? {} : { keys }),
    ...(group === undefined ? {} : { group: { address: group, port } }),
    peers: peers.map((address) => ({ address, port })),
  };
}
