/** Users and groups as a rule names them: by name, or by number as it is. */
import { ok, type Result } from 'neverthrow';
import type { Accounts } from '../core/config.js';
import { type ValueError, valueError } from '../core/names.js';
import { DeniedGroups } from './members.js';
import { refuse, show } from './refuse.js';
import { type ParseValue, parseInteger } from './values.js';

/** (uid_t) -1 means "none" to the kernel. */
const largestId = 4_294_967_294;

export interface AccountParsers {
  readonly user: ParseValue<number | '*'>;
  readonly group: ParseValue<number>;
  /** A group whose members can be told. */
  readonly deniedGroup: ParseValue<number>;
  /** The uids of every group that deniedGroup has read so far. */
  readonly deniedMembers: ReadonlyMap<number, readonly number[]>;
}

/** Each name is looked up once, however many rules have it: a look-up may go over the network. */
export function accountParsers(accounts: Accounts): AccountParsers {
  const user = remembered((name) => accounts.userId(name), 'user');
  const named = remembered((name) => accounts.groupId(name), 'group');
  const group: ParseValue<number> = (text) =>
    text === '*' ? refuse('* is for user[] alone; write user[] = * for anyone') : named(text);
  const denied = new DeniedGroups(accounts);
  return {
    user: (text) => (text === '*' ? ok(text) : user(text)),
    group,
    deniedGroup: denied.parser(group),
    deniedMembers: denied.members,
  };
}

function remembered(lookUp: (name: string) => number | undefined, what: 'user' | 'group'): ParseValue<number> {
  const known = new Map<string, Result<number, ValueError>>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const result = parseId(text, lookUp, what);
    known.set(text, result);
    return result;
  };
}

function parseId(text: string, lookUp: (name: string) => number | undefined, what: string): Result<number, ValueError> {
  if (/^\d+$/.test(text)) {
    return parseInteger(
      0,
      largestId,
    )(text).mapErr((error) => valueError(`${error.what}, which is what a ${what} id may be`));
  }
  // What no account can be called, and what a look-up might take for an option or another field
  const id = /^[-+]|[:,/]/.test(text) || Buffer.byteLength(text) > 255 ? undefined : lookUp(text);
  if (id !== undefined) return ok(id);
  const hint = /[, ]/.test(text) ? `; write one ${what} a line` : '';
  return refuse(`${show(text)} is no ${what} of this host${hint}; allowed is the name of one that exists, or a number`);
}
