/** A section [network NAME]: what its type is, and who reads its other keys. */
import type { Network } from '../core/config.js';
import type { NetworkName } from '../core/names.js';
import type { ErrorList } from './errors.js';
import { titleOf } from './fields.js';
import { parseBridgeNetwork } from './parse-bridge-network.js';
import { parseMacvtapNetwork } from './parse-macvtap-network.js';
import { parseMulticastNetwork } from './parse-multicast-network.js';
import { parsePacketNetwork } from './parse-packet-network.js';
import { parseQdesNetwork } from './parse-qdes-network.js';
import { parseTcpNetwork } from './parse-tcp-network.js';
import { parseUdpNetwork } from './parse-udp-network.js';
import type { Section } from './scan.js';
import { parseOneOf } from './values.js';

type Parse<T> = (section: Section, name: NetworkName, errors: ErrorList) => T | undefined;

const parsers: { readonly [T in Network['type']]: Parse<Extract<Network, { readonly type: T }>> } = {
  bridge: parseBridgeNetwork,
  macvtap: parseMacvtapNetwork,
  udp: parseUdpNetwork,
  tcp: parseTcpNetwork,
  packet: parsePacketNetwork,
  multicast: parseMulticastNetwork,
  qdes: parseQdesNetwork,
};

const switchedTypes: readonly Network['type'][] = ['packet', 'multicast', 'qdes'];
const types = Object.keys(parsers) as Network['type'][];

/** @returns undefined when the section has errors. */
export function parseNetwork(section: Section, name: NetworkName, errors: ErrorList): Network | undefined {
  const type = section.entries.find(({ key, list }) => key === 'type' && !list);
  if (type === undefined) {
    errors.add(section.origin, `${titleOf(section)} has no type; write type = ${types.join(' or ')}`);
    return undefined;
  }
  return parseOneOf(...types)(type.value).match(
    (known) => parsers[known](withoutHost(section, known, errors), name, errors),
    ({ what }) => {
      errors.add(type.origin, `type: ${what}`);
      return undefined;
    },
  );
}

/** Refuses the key where the type has none, and takes it away, so that it is told once. */
function withoutHost(section: Section, type: Network['type'], errors: ErrorList): Section {
  if (switchedTypes.includes(type)) return section;
  const there = section.entries.filter(({ key }) => key === 'host');
  const remedy = type === 'bridge' ? ': give the bridge an address, and the host is there' : '';
  const what = `is for networks of type ${switchedTypes.join(', ')}, which the switch carries, and not ${type}${remedy}`;
  for (const { origin } of there) errors.add(origin, `host ${what}`);
  return { ...section, entries: section.entries.filter((entry) => !there.includes(entry)) };
}
