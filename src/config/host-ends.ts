/** What the interfaces by which the host joins networks must not be: two networks' taps, or a network's own interface. */
import type { Network } from '../core/config.js';
import { isSwitchedNetwork, type SwitchedNetwork } from '../core/switched.js';
import type { ErrorList } from './errors.js';

export function checkHostEnds(networks: Iterable<Network>, errors: ErrorList): void {
  const firsts = new Map<string, SwitchedNetwork>();
  for (const network of networks) {
    if (!isSwitchedNetwork(network) || network.host === undefined) continue;
    const { by, name } = network.host;
    const refuse = (what: string) =>
      errors.add(network.origin, `[network ${network.name}] has host = ${by} ${name}, ${what}`);
    // Bytes of the other types leave by UDP, and a bridge may well be the way that these take
    if (network.interface === name && (by === 'tap' || network.type === 'packet')) {
      const wire = 'which is the interface of the network itself';
      refuse(by === 'tap' ? `${wire}: name one that is not there yet` : `${wire}: leave one of the two out`);
    }
    if (by === 'bridge') continue;
    const first = firsts.get(name);
    if (first === undefined) firsts.set(name, network);
    else refuse(`which is the tap of [network ${first.name}]: name another, or join them by host = bridge`);
  }
}
