/** A section [network NAME] of type multicast. */
import type { MulticastNetwork } from '../core/config.js';
import { type NetworkName, parseInterfaceName } from '../core/names.js';
import type { ErrorList } from './errors.js';
import { Fields, type Shape } from './fields.js';
import { parseGroup } from './parse-address.js';
import { guardingShape, parseGuarding } from './parse-guarding.js';
import { hostShape, parseHost } from './parse-host.js';
import type { Section } from './scan.js';
import { parseInteger, parseYesNo } from './values.js';

const shape = {
  ...({ type: 'one', group: 'one', port: 'one', interface: 'one' } as const),
  ...({ loop: 'one', ttl: 'one' } as const),
  ...guardingShape,
  ...hostShape,
} satisfies Shape;

const required = {
  group: 'ADDRESS, as 239.1.2.3 or ff15::1:2',
  port: 'NUMBER, of UDP',
  interface: 'NAME, the one by which it sends and receives',
} as const;

/** @returns undefined when the section has errors. */
export function parseMulticastNetwork(
  section: Section,
  name: NetworkName,
  errors: ErrorList,
): MulticastNetwork | undefined {
  const before = errors.count;
  const fields = new Fields(section, shape, errors);
  for (const [key, value] of Object.entries(required)) {
    if (!fields.has(key as keyof typeof required)) fields.refuse(`has no ${key}; write ${key} = ${value}`);
  }
  const address = fields.one('group', parseGroup);
  const port = fields.one('port', parseInteger(1, 65_535));
  const on = fields.one('interface', parseInterfaceName);
  const loop = fields.one('loop', parseYesNo) ?? true;
  const ttl = fields.one('ttl', parseInteger(0, 255)) ?? 1;
  const guarding = { ...parseGuarding(fields), ...parseHost(fields) };
  if (address === undefined || port === undefined || on === undefined || errors.count > before) return undefined;
  return {
    ...{ type: 'multicast', name, origin: section.origin, group: { address, port }, interface: on, loop, ttl },
    ...guarding,
  };
}
