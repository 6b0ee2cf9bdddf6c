/** What networks of type qdes that share a socket must have in common, and what not. */
import type { Network, QdesNetwork } from '../core/config.js';
import { socketOf } from '../core/qdes-line.js';
import type { ErrorList } from './errors.js';

export function checkQdesNetworks(networks: Iterable<Network>, errors: ErrorList): void {
  const firsts = new Map<string, QdesNetwork>();
  const ids = new Map<string, QdesNetwork>();
  for (const network of networks) {
    if (network.type !== 'qdes') continue;
    const refuse = (what: string) => errors.add(network.origin, `[network ${network.name}] ${what}`);
    const socket = socketOf(network);
    const sharing = firsts.get(socket);
    firsts.set(socket, sharing ?? network);
    for (const key of ['encapsulation', 'ttl', 'fragment'] as const) {
      if (sharing === undefined || sharing[key] === network[key]) continue;
      const shared = `shares port ${network.port} on ${network.interface} with [network ${sharing.name}]`;
      refuse(`${shared}, and not ${key}: give it the same, or a port of its own`);
    }
    const same = ids.get(`${socket} ${network.id}`);
    ids.set(`${socket} ${network.id}`, same ?? network);
    if (same !== undefined) {
      refuse(`has id ${network.id}, port and interface of [network ${same.name}]: give it an id of its own`);
    }
  }
}
