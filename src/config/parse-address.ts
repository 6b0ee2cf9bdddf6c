/** Addresses without a port: of groups, and of hosts. */
import { isIP } from 'node:net';
import { ok, type Result } from 'neverthrow';
import { isGroup, notUnicast } from '../core/endpoint.js';
import type { ValueError } from '../core/names.js';
import { refuse, show } from './refuse.js';

export function parseGroup(text: string): Result<string, ValueError> {
  const shown = show(text);
  if (text.includes('%'))
    return refuse(`${shown} names an interface; leave out % and what follows, and write interface =`);
  if (isIP(text) === 0) {
    const port = /^\[?(.*?)\]?:\d+$/.exec(text)?.[1] ?? '';
    if (isIP(port) !== 0) return refuse(`${shown} has a port; write group = ${port}, and port = on a line of its own`);
    return refuse(`${shown} is not a numeric address of a group, as 239.1.2.3 or ff15::1:2`);
  }
  if (isGroup(text)) return ok(text);
  return refuse(
    `${shown} is no group's address; those are 224.0.0.0 to 239.255.255.255, and of IPv6 those from ff00:: on`,
  );
}

/** Of another host: one that needs no interface to be told. */
export function parseHostAddress(text: string): Result<string, ValueError> {
  const shown = show(text);
  if (text.includes('%') || /^fe[89ab].:/i.test(text)) {
    return refuse(`${shown} is a link-local address, which needs an interface; name another`);
  }
  if (isIP(text) === 0) {
    return refuse(
      `${shown} is not a numeric address without a port, as 192.0.2.7 or 2001:db8::7; names are not looked up`,
    );
  }
  const why = notUnicast({ address: text, port: 0 });
  return why === undefined ? ok(text) : refuse(why);
}
