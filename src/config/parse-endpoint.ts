/** An address and a port of UDP or TCP, as people write them. */
import { isIPv4, isIPv6 } from 'node:net';
import { ok, type Result } from 'neverthrow';
import type { Endpoint } from '../core/config.js';
import type { ValueError } from '../core/names.js';
import { refuse, show } from './refuse.js';

/**
 * `192.0.2.7:7001` or `[2001:db8::7]:7001`. Names are refused: to look one up may block for seconds, and its answer is
 * another's to give.
 */
export function parseEndpoint(text: string): Result<Endpoint, ValueError> {
  const shown = show(text);
  const [, inBrackets, plain, digits = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const address = inBrackets ?? plain ?? '';
  const port = Number(digits);
  if (address.includes('%') || /^fe[89ab].:/i.test(address)) {
    return refuse(`${shown} is a link-local address, which needs an interface; name another`);
  }
  if (inBrackets === undefined ? !isIPv4(address) : !isIPv6(address)) {
    return refuse(
      `${shown} is not a numeric address and a port, as 192.0.2.7:7001 or [2001:db8::7]:7001; names are not looked up, because that takes time and may be answered by others`,
    );
  }
  if (digits !== String(port) || port < 1 || port > 65_535) {
    return refuse(`${shown} has no port from 1 to 65535`);
  }
  return ok({ address, port });
}
