/** A section [network NAME]. */
import type { Network } from '../core/config.js';
import { type NetworkName, parseInterfaceName } from '../core/names.js';
import type { ErrorList } from './errors.js';
import { Fields, type Shape } from './fields.js';
import type { Section } from './scan.js';
import { parseInteger, parseMtu, parseOneOf, parseYesNo } from './values.js';

const shape = {
  type: 'one',
  bridge: 'one',
  mtu: 'one',
  vlan: 'one',
  isolated: 'one',
  'lock-mac': 'one',
  hairpin: 'one',
  vhost: 'one',
} as const satisfies Shape;

/** Types that a later version has; their keys are not looked at. */
const later = ['macvtap', 'packet', 'multicast', 'tcp', 'udp', 'qdes'];

/** @returns undefined when the section has errors. */
export function parseNetwork(section: Section, name: NetworkName, errors: ErrorList): Network | undefined {
  const type = section.entries.find(({ key, list }) => key === 'type' && !list);
  if (type !== undefined && later.includes(type.value)) {
    errors.add(type.origin, `type = ${type.value} is not in this version; bridge is allowed here`);
    return undefined;
  }
  const before = errors.count;
  const fields = new Fields(section, shape, errors);
  if (!fields.has('type')) fields.refuse('has no type; write type = bridge');
  if (!fields.has('bridge')) fields.refuse('has no bridge; write bridge = NAME, the bridge that its guests join');
  fields.one('type', parseOneOf('bridge'));
  const bridge = fields.one('bridge', parseInterfaceName);
  const vlan = fields.one('vlan', parseInteger(1, 4094));
  const network = {
    mtu: fields.one('mtu', parseMtu) ?? 'inherit',
    ...(vlan === undefined ? {} : { vlan }),
    isolated: fields.one('isolated', parseYesNo) ?? false,
    lockMac: fields.one('lock-mac', parseYesNo) ?? false,
    hairpin: fields.one('hairpin', parseYesNo) ?? false,
    vhost: fields.one('vhost', parseOneOf('no', 'yes', 'auto')) ?? 'auto',
  } as const;
  if (bridge === undefined || errors.count > before) return undefined;
  return { type: 'bridge', name, origin: section.origin, bridge, ...network };
}
