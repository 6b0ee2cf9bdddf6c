/** The key by which the host joins a network of the switch. */
import { err, ok, type Result } from 'neverthrow';
import type { HostEnd, Hosted } from '../core/config.js';
import { isGeneratedName, parseInterfaceName, type ValueError } from '../core/names.js';
import type { Fields } from './fields.js';
import { refuse, show } from './refuse.js';

export const hostShape = { host: 'one' } as const;

export function parseHost(fields: Fields<typeof hostShape>): Hosted {
  const host = fields.one('host', parseEnd);
  return host === undefined ? {} : { host };
}

function parseEnd(text: string): Result<HostEnd, ValueError> {
  const [by, word = '', ...more] = text.split(/\s+/);
  if ((by !== 'tap' && by !== 'bridge') || word === '' || more.length > 0) {
    return refuse(
      `${show(text)} is not allowed; write tap NAME, an interface that is made for the host, or bridge NAME, one that is there`,
    );
  }
  const name = parseInterfaceName(word);
  if (name.isErr()) return err(name.error);
  if (word === 'lo') return refuse(`"lo" is the loopback interface and no ${by}; write another name`);
  if (isGeneratedName(name.value)) {
    return refuse(`"${word}" is a name as the broker gives them to guests' interfaces; write another`);
  }
  return ok({ by, name: name.value });
}
