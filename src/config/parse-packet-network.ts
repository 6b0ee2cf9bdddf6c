/** A section [network NAME] of type packet. */
import { ok, type Result } from 'neverthrow';
import type { PacketNetwork } from '../core/config.js';
import { type InterfaceName, type NetworkName, parseInterfaceName, type ValueError } from '../core/names.js';
import type { ErrorList } from './errors.js';
import { Fields, type Shape } from './fields.js';
import { refuse } from './refuse.js';
import type { Section } from './scan.js';
import { parseYesNo } from './values.js';

const shape = { type: 'one', interface: 'one', bare: 'one' } as const satisfies Shape;

/** @returns undefined when the section has errors. */
export function parsePacketNetwork(section: Section, name: NetworkName, errors: ErrorList): PacketNetwork | undefined {
  const before = errors.count;
  const fields = new Fields(section, shape, errors);
  if (!fields.has('interface')) fields.refuse('has no interface; write interface = NAME, the one whose wire it is');
  const on = fields.one('interface', parseWire);
  const bare = fields.one('bare', parseYesNo) ?? false;
  if (on === undefined || errors.count > before) return undefined;
  return { type: 'packet', name, origin: section.origin, interface: on, bare };
}

function parseWire(text: string): Result<InterfaceName, ValueError> {
  return parseInterfaceName(text).andThen((name) =>
    name === 'lo' ? refuse('"lo" is the loopback interface, which leads nowhere; name one with a wire') : ok(name),
  );
}
