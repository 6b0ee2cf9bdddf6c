/** The host's own ends of networks: there, up, and with an address by which guests reach it. */
import type { Network } from '../../core/config.js';
import { isSwitchedNetwork } from '../../core/switched.js';
import type { NetworkListing } from '../../protocol/listing.js';
import { type Finding, fine, hint, shellWord } from './finding.js';
import type { LinkFacts } from './links.js';

const check = 'host';

/**
 * @param links of this network namespace; undefined: they are not known.
 * @param networks of the configuration, where it may be read, that are looked at.
 * @param listing what the broker told the caller.
 */
export function examineHostEnds(
  links: readonly LinkFacts[] | undefined,
  networks: readonly Network[],
  listing: readonly NetworkListing[] = [],
): Finding[] {
  if (links === undefined) return [];
  return networks.flatMap((network) => {
    if (!isSwitchedNetwork(network) || network.host === undefined) return [];
    const { by, name } = network.host;
    const link = links.find((one) => one.name === name);
    const word = shellWord(name);
    const on = `by which the host is on ${network.name}`;
    if (link === undefined) {
      const line = by === 'tap' ? 'journalctl -u fdbroker' : `sudo ip link add ${word} type bridge`;
      const why = by === 'tap' ? '; the broker makes it, or its log says what is in the way' : '';
      return [hint(check, `there is no ${by} ${name}, ${on}${why}`, line)];
    }
    if (!link.up) return [hint(check, `${name}, ${on}, is down`, `sudo ip link set ${word} up`)];
    if (listing.find((one) => one.name === network.name)?.hostReachable === false) {
      const line = `sudo ip address add ADDRESS/24 dev ${word}`;
      return [hint(check, `${name}, ${on}, has no address: guests do not reach the host`, line)];
    }
    return [fine(check, `${name}, ${on}, is up: guests reach what listens there`)];
  });
}
