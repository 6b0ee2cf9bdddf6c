/** An address and a port of UDP or TCP, as people write them. */
import { isIPv4, isIPv6 } from 'node:net';
import { err, ok, type Result } from 'neverthrow';
import type { Endpoint } from './config.js';
import { type ValueError, valueError } from './names.js';

/**
 * `192.0.2.7:7001` or `[2001:db8::7]:7001`. Names are refused: to look one up may block for seconds, and its answer is
 * another's to give.
 */
export function parseEndpoint(text: string): Result<Endpoint, ValueError> {
  const shown = JSON.stringify(text.slice(0, 80));
  const [, inBrackets, plain, digits = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const address = inBrackets ?? plain ?? '';
  const port = Number(digits);
  if (address.includes('%') || /^fe[89ab].:/i.test(address)) {
    return err(valueError(`${shown} is a link-local address, which needs an interface; name another`));
  }
  if (inBrackets === undefined ? !isIPv4(address) : !isIPv6(address)) {
    return err(
      valueError(
        `${shown} is not a numeric address and a port, as 192.0.2.7:7001 or [2001:db8::7]:7001; names are not looked up, because that takes time and may be answered by others`,
      ),
    );
  }
  if (digits !== String(port) || port < 1 || port > 65_535) {
    return err(valueError(`${shown} has no port from 1 to 65535`));
  }
  return ok({ address, port });
}

export function formatEndpoint({ address, port }: Endpoint): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Why nobody can be reached at this address alone; undefined: somebody can. */
export function notUnicast({ address }: Endpoint): string | undefined {
  const first = isIPv4(address) ? Number.parseInt(address, 10) : undefined;
  const multicast = first === undefined ? /^ff..:/i.test(address) : first >= 224 && first < 240;
  if (multicast) return `${address} is a group's address; name a host's`;
  if (address === '255.255.255.255') return `${address} is everybody's address; name a host's`;
  return isUnspecified(address) ? `${address} is no host's address` : undefined;
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || (isIPv6(address) && /^[0:.]+$/.test(address));
}
