/** A section [network NAME] of type bridge. */
import type { BridgeNetwork } from '../core/config.js';
import { type NetworkName, parseInterfaceName } from '../core/names.js';
import type { ErrorList } from './errors.js';
import { Fields, type Shape } from './fields.js';
import { guardingShape, parseGuarding } from './parse-guarding.js';
import type { Section } from './scan.js';
import { parseInteger, parseMtu, parseOneOf, parseYesNo } from './values.js';

const shape = {
  type: 'one',
  bridge: 'one',
  mtu: 'one',
  vlan: 'one',
  ...guardingShape,
  hairpin: 'one',
  vhost: 'one',
} as const satisfies Shape;

/** @returns undefined when the section has errors. */
export function parseBridgeNetwork(section: Section, name: NetworkName, errors: ErrorList): BridgeNetwork | undefined {
  const before = errors.count;
  const fields = new Fields(section, shape, errors);
  if (!fields.has('bridge')) fields.refuse('has no bridge; write bridge = NAME, the bridge that its guests join');
  const bridge = fields.one('bridge', parseInterfaceName);
  const vlan = fields.one('vlan', parseInteger(1, 4094));
  const network = {
    mtu: fields.one('mtu', parseMtu) ?? 'inherit',
    ...(vlan === undefined ? {} : { vlan }),
    ...parseGuarding(fields),
    hairpin: fields.one('hairpin', parseYesNo) ?? false,
    vhost: fields.one('vhost', parseOneOf('no', 'yes', 'auto')) ?? 'auto',
  } as const;
  if (bridge === undefined || errors.count > before) return undefined;
  return { type: 'bridge', name, origin: section.origin, bridge, ...network };
}
