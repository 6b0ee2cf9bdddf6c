/** An address and a port of UDP or TCP, as they are written and what they can be. */
import type { Endpoint } from './config.js';

export function isIPv6Endpoint({ address }: Endpoint): boolean {
  return address.includes(':');
}

export function formatEndpoint(endpoint: Endpoint): string {
  const { address, port } = endpoint;
  return isIPv6Endpoint(endpoint) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Why nobody can be reached at this address alone; undefined: somebody can. */
export function notUnicast(endpoint: Endpoint): string | undefined {
  const { address } = endpoint;
  const six = isIPv6Endpoint(endpoint);
  const first = Number.parseInt(address, 10);
  if (six ? /^ff..:/i.test(address) : first >= 224 && first < 240) {
    return `${address} is a group's address; name a host's`;
  }
  if (address === '255.255.255.255') return `${address} is everybody's address; name a host's`;
  const unspecified = six ? /^[0:.]+$/.test(address) : address === '0.0.0.0';
  return unspecified ? `${address} is no host's address` : undefined;
}
