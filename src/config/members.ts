/**
 * Who is in the groups that a deny names, by the account database. A process can shed a supplementary group inside a
 * user namespace (newgidmap(1), setgroups(2)), so what the kernel reports of it is not enough to deny it. What cannot be
 * looked up is an error: a member that is not known would be let in.
 */
import { ok, type Result } from 'neverthrow';
import type { Accounts } from '../core/config.js';
import type { ValueError } from '../core/names.js';
import { refuse, show } from './refuse.js';
import type { ParseValue } from './values.js';

/** Members of all groups together: each is looked up by name, and kept. */
const mostMembers = 65_536;

export class DeniedGroups {
  /** The uids of each group that was parsed. */
  readonly members = new Map<number, readonly number[]>();
  readonly #accounts: Accounts;
  readonly #known = new Map<string, Result<number, ValueError>>();
  #byPrimary: ReadonlyMap<number, readonly number[]> | undefined;
  #count = 0;

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  /** @param group reads the name or number of a group. */
  parser(group: ParseValue<number>): ParseValue<number> {
    return (text) =>
      group(text).andThen((gid) => {
        const result = this.#known.get(text) ?? this.#expand(gid, text);
        this.#known.set(text, result);
        return result;
      });
  }

  #expand(gid: number, text: string): Result<number, ValueError> {
    const byNumber = this.#accounts.membersOf(gid);
    // Two groups can have the same number, and the one that is named need not be the first
    const byName = /^\d+$/.test(text) ? [] : this.#accounts.membersOf(text);
    if (byNumber === undefined || byName === undefined) {
      return refuse(
        `this host has no group ${text} whose members could be looked up, which a deny needs; name another`,
      );
    }
    this.#byPrimary ??= usersByGroup(this.#accounts);
    if (this.#byPrimary === undefined) {
      return refuse(`the users of this host cannot be listed to see who is in ${text}, which a deny needs; try again`);
    }
    const listed = new Set([...byNumber, ...byName]);
    const uids = new Set([...(this.members.get(gid) ?? []), ...(this.#byPrimary.get(gid) ?? [])]);
    this.#count += uids.size + listed.size;
    if (this.#count > mostMembers) {
      return refuse(`the groups of all denies have over ${mostMembers} members, which is the most; deny smaller ones`);
    }
    for (const name of listed) {
      const uid = this.#accounts.userId(name);
      if (uid === undefined) {
        const remedy = 'take the name out of the group, or see that its directory answers';
        return refuse(
          `${text} has the member ${show(name)}, who is no user of this host and cannot be denied; ${remedy}`,
        );
      }
      uids.add(uid);
    }
    this.members.set(gid, [...uids]);
    return ok(gid);
  }
}

function usersByGroup(accounts: Accounts): Map<number, number[]> | undefined {
  const users = accounts.everyUser();
  if (users === undefined) return undefined;
  const groups = new Map<number, number[]>();
  for (const { uid, gid } of users) {
    const own = groups.get(gid);
    if (own === undefined) groups.set(gid, [uid]);
    else own.push(uid);
  }
  return groups;
}
