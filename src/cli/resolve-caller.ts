/** From `--user` to the credentials that the kernel would report of that user's processes. */
import { err, ok, type Result } from 'neverthrow';
import type { Accounts } from '../core/config.js';
import { type ValueError, valueError } from '../core/names.js';
import type { World } from './world.js';

/** Credentials with the user's name. */
export interface NamedCaller {
  readonly pid: 0;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** null: no account has this number. */
  readonly user: string | null;
}

/** chown(2) and friends take -1 for "leave it": it is nobody's group. */
const noGroup = -1;

/** @param user a name or a number; undefined: whoever runs this. */
export function resolveCaller(
  user: string | undefined,
  world: Pick<World, 'uid' | 'gid' | 'groups'>,
  accounts: Accounts,
): Result<NamedCaller, ValueError> {
  if (user === undefined) {
    const { uid, gid, groups } = world;
    return ok({ pid: 0, uid, gid, groups, user: accounts.userName(uid) ?? null });
  }
  const uid = /^\d{1,10}$/.test(user) ? Number(user) : accounts.userId(user);
  if (uid === undefined || uid > 0xffff_fffe) {
    return err(valueError(`there is no user ${JSON.stringify(user)} on this host; name one that is, or give a number`));
  }
  const name = accounts.userName(uid);
  const found = name === undefined ? undefined : accounts.groupsOf(name);
  if (name === undefined || found === undefined)
    return ok({ pid: 0, uid, gid: noGroup, groups: [], user: name ?? null });
  return ok({ pid: 0, uid, gid: found.gid, groups: found.groups, user: name });
}
