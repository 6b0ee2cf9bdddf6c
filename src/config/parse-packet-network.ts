/** A section [network NAME] of type packet. */
import { ok, type Result } from 'neverthrow';
import type { PacketNetwork } from '../core/config.js';
import { type InterfaceName, type NetworkName, parseInterfaceName, type ValueError } from '../core/names.js';
import type { ErrorList } from './errors.js';
import { Fields, type Shape } from './fields.js';
import { guardingShape, parseGuarding } from './parse-guarding.js';
import { hostShape, parseHost } from './parse-host.js';
import { refuse } from './refuse.js';
import type { Section } from './scan.js';
import { parseInteger, parseMtu, parseYesNo } from './values.js';

const shape = {
  ...({ type: 'one', interface: 'one', vlan: 'one', mtu: 'one', bare: 'one' } as const),
  ...guardingShape,
  ...hostShape,
} satisfies Shape;

/** @returns undefined when the section has errors. */
export function parsePacketNetwork(section: Section, name: NetworkName, errors: ErrorList): PacketNetwork | undefined {
  const before = errors.count;
  const fields = new Fields(section, shape, errors);
  if (!fields.has('interface')) fields.refuse('has no interface; write interface = NAME, the one whose wire it is');
  const on = fields.one('interface', parseWire);
  const vlan = fields.one('vlan', parseInteger(1, 4094));
  const mtu = fields.one('mtu', parseMtu) ?? 'inherit';
  const bare = fields.one('bare', parseYesNo) ?? false;
  const guarding = { ...parseGuarding(fields), ...parseHost(fields) };
  if (bare) {
    fields.refuseKey('vlan', 'cannot be kept with bare = yes: whoever has a bare socket sees every VLAN');
    fields.refuseKey('lock-mac', unguarded);
    fields.refuseKey('isolated', unguarded);
  }
  if (on === undefined || errors.count > before) return undefined;
  const tagged = vlan === undefined ? {} : { vlan };
  return { type: 'packet', name, origin: section.origin, interface: on, ...tagged, mtu, bare, ...guarding };
}

const unguarded = 'cannot be kept with bare = yes: whoever has a bare socket sends what they like';

function parseWire(text: string): Result<InterfaceName, ValueError> {
  return parseInterfaceName(text).andThen((name) =>
    name === 'lo' ? refuse('"lo" is the loopback interface, which leads nowhere; name one with a wire') : ok(name),
  );
}
