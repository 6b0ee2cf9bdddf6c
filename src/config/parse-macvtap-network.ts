/** A section [network NAME] of type macvtap. */
import type { MacvtapMode, MacvtapNetwork } from '../core/config.js';
import { type NetworkName, parseInterfaceName } from '../core/names.js';
import type { ErrorList } from './errors.js';
import { Fields, type Shape } from './fields.js';
import type { Section } from './scan.js';
import { parseMtu, parseOneOf } from './values.js';

const shape = { type: 'one', parent: 'one', mode: 'one', mtu: 'one', vhost: 'one' } as const satisfies Shape;

const modes = ['vepa', 'bridge', 'private', 'passthru'] as const satisfies readonly MacvtapMode[];

/** @returns undefined when the section has errors. */
export function parseMacvtapNetwork(
  section: Section,
  name: NetworkName,
  errors: ErrorList,
): MacvtapNetwork | undefined {
  const before = errors.count;
  const fields = new Fields(section, shape, errors);
  if (!fields.has('parent')) fields.refuse('has no parent; write parent = NAME, the interface that its guests share');
  if (!fields.has('mode')) fields.refuse(`has no mode; write mode = ${modes.join(' or ')}`);
  const parent = fields.one('parent', parseInterfaceName);
  const mode = fields.one('mode', parseOneOf(...modes));
  const mtu = fields.one('mtu', parseMtu) ?? 'inherit';
  const vhost = fields.one('vhost', parseOneOf('no', 'yes', 'auto')) ?? 'auto';
  if (parent === undefined || mode === undefined || errors.count > before) return undefined;
  return { type: 'macvtap', name, origin: section.origin, parent, mode, mtu, vhost };
}
