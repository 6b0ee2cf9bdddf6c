/** A section [network NAME] of type udp. */
import type { UdpNetwork } from '../core/config.js';
import { isIPv6Endpoint, notUnicast } from '../core/endpoint.js';
import type { NetworkName } from '../core/names.js';
import type { ErrorList } from './errors.js';
import { Fields, type Shape } from './fields.js';
import { parseEndpoint } from './parse-endpoint.js';
import type { Section } from './scan.js';

const shape = { type: 'one', local: 'one', remote: 'one' } as const satisfies Shape;

/** @returns undefined when the section has errors. */
export function parseUdpNetwork(section: Section, name: NetworkName, errors: ErrorList): UdpNetwork | undefined {
  const before = errors.count;
  const fields = new Fields(section, shape, errors);
  for (const key of ['local', 'remote'] as const) {
    if (!fields.has(key)) fields.refuse(`has no ${key}; write ${key} = ADDRESS:PORT, as 192.0.2.7:7001`);
  }
  const local = fields.one('local', parseEndpoint);
  const remote = fields.one('remote', parseEndpoint);
  if (local === undefined || remote === undefined) return undefined;
  const nobody = notUnicast(remote);
  if (nobody !== undefined) fields.refuseKey('remote', `cannot be reached: ${nobody}`);
  if (isIPv6Endpoint(local) !== isIPv6Endpoint(remote)) {
    fields.refuseKey('remote', 'is of another family than local; both are IPv4 or both are IPv6');
  }
  if (local.address === remote.address && local.port === remote.port) {
    fields.refuseKey('remote', 'is the same as local; name the far end');
  }
  return errors.count > before ? undefined : { type: 'udp', name, origin: section.origin, local, remote };
}
