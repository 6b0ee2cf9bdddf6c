/** An address and a port of UDP or TCP, as they are written and what they can be. */
import type { Endpoint } from './config.js';

export function isIPv6Endpoint({ address }: Endpoint): boolean {
  return address.includes(':');
}

export function formatEndpoint(endpoint: Endpoint): string {
  const { address, port } = endpoint;
  return isIPv6Endpoint(endpoint) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Whether it is the address of a group, and of no host. */
export function isGroup(address: string): boolean {
  const first = Number.parseInt(address, 10);
  return address.includes(':') ? /^ff[0-9a-f]{2}:/i.test(address) : first >= 224 && first < 240;
}

/** Why nobody can be reached at this address alone; undefined: somebody can. */
export function notUnicast(endpoint: Endpoint): string | undefined {
  const { address } = endpoint;
  if (isGroup(address)) return `${address} is a group's address; name a host's`;
  if (address === '255.255.255.255') return `${address} is everybody's address; name a host's`;
  const unspecified = isIPv6Endpoint(endpoint) ? /^[0:.]+$/.test(address) : address === '0.0.0.0';
  return unspecified ? `${address} is no host's address` : undefined;
}
