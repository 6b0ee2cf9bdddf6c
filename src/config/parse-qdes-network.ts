/** A section [network NAME] of type qdes. */
import { isIPv6 } from 'node:net';
import type { QdesNetwork } from '../core/config.js';
import { type NetworkName, parseInterfaceName } from '../core/names.js';
import type { ErrorList } from './errors.js';
import { Fields, type Shape } from './fields.js';
import { parseGroup, parseHostAddress } from './parse-address.js';
import { guardingShape, parseGuarding } from './parse-guarding.js';
import { hostShape, parseHost } from './parse-host.js';
import type { Section } from './scan.js';
import { parseAbsolutePath, parseInteger, parseMtu, parseOneOf, parseYesNo } from './values.js';

const shape = {
  ...({ type: 'one', id: 'one', encapsulation: 'one', interface: 'one', port: 'one' } as const),
  ...({ group: 'one', peer: 'list', ttl: 'one', mtu: 'one', fragment: 'one', 'key-file': 'one' } as const),
  ...guardingShape,
  ...hostShape,
} satisfies Shape;

/** Each gets a copy of what is for all. */
const mostPeers = 256;
/** IANA has assigned none for QDES; VXLAN's is of RFC 7348. */
const defaultPorts = { qdes: 7755, vxlan: 4789 } as const;

/** @returns undefined when the section has errors. */
export function parseQdesNetwork(section: Section, name: NetworkName, errors: ErrorList): QdesNetwork | undefined {
  const before = errors.count;
  const fields = new Fields(section, shape, errors);
  if (!fields.has('id')) fields.refuse('has no id; write id = NUMBER, the same on every host and of no other network');
  if (!fields.has('interface')) {
    fields.refuse('has no interface; write interface = NAME, the one by which it sends and receives');
  }
  const encapsulation = fields.one('encapsulation', parseOneOf('qdes', 'vxlan')) ?? 'qdes';
  const id = fields.one('id', parseInteger(0, encapsulation === 'vxlan' ? 2 ** 24 - 1 : 65_535));
  const on = fields.one('interface', parseInterfaceName);
  const port = fields.one('port', parseInteger(1, 65_535)) ?? defaultPorts[encapsulation];
  const group = fields.one('group', parseGroup);
  const peers = fields.list('peer', parseHostAddress);
  const ttl = fields.one('ttl', parseInteger(0, 255)) ?? 1;
  const mtu = fields.one('mtu', parseMtu) ?? 'inherit';
  const fragment = fields.one('fragment', parseYesNo) ?? true;
  const keyFile = fields.one('key-file', parseAbsolutePath);
  if (encapsulation === 'vxlan') fields.refuseKey('key-file', 'is not for vxlan, which has no way to carry it');
  if (!fields.has('group') && !fields.has('peer')) {
    fields.refuse(
      'has no way to other hosts; write group = ADDRESS, as 239.1.2.3 or ff15::1:2, or peer[] = ADDRESS, or both',
    );
  }
  if (peers.length > mostPeers)
    fields.refuse(`has ${peers.length} peers; ${mostPeers} are allowed, a group has no limit`);
  const families = new Set([...(group === undefined ? [] : [group]), ...peers].map((address) => isIPv6(address)));
  if (families.size > 1) fields.refuse('has addresses of IPv4 and of IPv6; a network is of one family');
  const guarding = { ...parseGuarding(fields), ...parseHost(fields) };
  if (id === undefined || on === undefined || errors.count > before) return undefined;
  return {
    ...{ type: 'qdes', name, origin: section.origin, id, encapsulation, interface: on, port },
    ...(group === undefined ? {} : { group }),
    ...{ peers, ttl, mtu, fragment },
    ...(keyFile === undefined ? {} : { keyFile }),
    ...guarding,
  };
}
