/** A section [network NAME] of type tcp. */
import type { TcpNetwork } from '../core/config.js';
import { notUnicast } from '../core/endpoint.js';
import type { NetworkName } from '../core/names.js';
import type { ErrorList } from './errors.js';
import { Fields, type Shape } from './fields.js';
import { parseEndpoint } from './parse-endpoint.js';
import type { Section } from './scan.js';

const shape = { type: 'one', connect: 'one', listen: 'one' } as const satisfies Shape;

/** @returns undefined when the section has errors. */
export function parseTcpNetwork(section: Section, name: NetworkName, errors: ErrorList): TcpNetwork | undefined {
  const before = errors.count;
  const fields = new Fields(section, shape, errors);
  const connect = fields.one('connect', parseEndpoint);
  const listen = fields.one('listen', parseEndpoint);
  if (fields.has('connect') === fields.has('listen')) {
    const have = fields.has('connect') ? 'both connect and listen' : 'neither connect nor listen';
    fields.refuse(`has ${have}; write one of them, as connect = 192.0.2.7:7001`);
  }
  const nobody = connect === undefined ? undefined : notUnicast(connect);
  if (nobody !== undefined) fields.refuseKey('connect', `cannot be reached: ${nobody}`);
  const endpoint = connect ?? listen;
  if (endpoint === undefined || errors.count > before) return undefined;
  const role = connect === undefined ? 'listen' : 'connect';
  return { type: 'tcp', name, origin: section.origin, role, endpoint };
}
