/** A section [network NAME] of type macvtap. */
import type { MacvtapMode, MacvtapNetwork } from '../core/config.js';
import { type NetworkName, parseInterfaceName } from '../core/names.js';
import type { ErrorList } from './errors.js';
import { Fields, type Shape } from './fields.js';
import type { Section } from './scan.js';
import { parseInteger, parseMtu, parseOneOf } from './values.js';

const shape = {
  type: 'one',
  parent: 'one',
  pool: 'one',
  mode: 'one',
  mtu: 'one',
  vlan: 'one',
  vhost: 'one',
} as const satisfies Shape;

const modes = ['vepa', 'bridge', 'private', 'passthru'] as const satisfies readonly MacvtapMode[];

/** @returns undefined when the section has errors. */
export function parseMacvtapNetwork(
  section: Section,
  name: NetworkName,
  errors: ErrorList,
): MacvtapNetwork | undefined {
  const before = errors.count;
  const fields = new Fields(section, shape, errors);
  const pool = fields.has('pool');
  if (fields.has('parent') === pool) {
    const which = pool ? 'has both parent and pool; leave one out' : 'has no parent; write parent = NAME';
    fields.refuse(
      `${which}: an interface that its guests share, or pool = NAME, one with a function for each (SR-IOV)`,
    );
  }
  if (!fields.has('mode')) fields.refuse(`has no mode; write mode = ${modes.join(' or ')}`);
  const parent = fields.one(pool ? 'pool' : 'parent', parseInterfaceName);
  const mode = fields.one('mode', parseOneOf(...modes));
  const mtu = fields.one('mtu', parseMtu) ?? 'inherit';
  const vlan = fields.one('vlan', parseInteger(1, 4094));
  const vhost = fields.one('vhost', parseOneOf('no', 'yes', 'auto')) ?? 'auto';
  if (pool && mode !== undefined && mode !== 'passthru') {
    fields.refuseKey('pool', 'gives each guest an interface for itself; write mode = passthru');
  }
  if (!pool) fields.refuseKey('vlan', 'is for a pool; as parent name a VLAN of the interface: parent = eth1.7');
  if (parent === undefined || mode === undefined || errors.count > before) return undefined;
  const tagged = vlan === undefined ? {} : { vlan };
  return { type: 'macvtap', name, origin: section.origin, parent, pool, mode, mtu, ...tagged, vhost };
}
