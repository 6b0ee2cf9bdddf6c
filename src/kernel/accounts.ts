/** The host's users and groups, from every source that nsswitch.conf(5) names. A call may wait for a directory server. */
import type { Accounts } from '../core/config.js';
import { native } from './native.js';

/** Bytes of the longest name that is looked up. */
const longestName = 256;
/** -1 is no id but the mark of "leave it" in chown(2) and the like. */
const highestId = 2 ** 32 - 2;

function isName(name: string): boolean {
  return name !== '' && Buffer.byteLength(name) <= longestName && !name.includes('\0');
}

function isId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= highestId;
}

function idOf(call: (name: string) => number, name: string): number | undefined {
  const id = isName(name) ? call(name) : -1;
  return id < 0 ? undefined : id;
}

function nameOf(call: (id: number) => string | number, id: number): string | undefined {
  const name = isId(id) ? call(id) : -1;
  return typeof name === 'string' ? name : undefined;
}

/** What cannot be looked up is unknown, whatever the reason. */
export const systemAccounts: Accounts = {
  userId: (name) => idOf(native.userId, name),
  groupId: (name) => idOf(native.groupId, name),
  userName: (uid) => nameOf(native.userName, uid),
  groupName: (gid) => nameOf(native.groupName, gid),
  groupsOf: (name) => {
    const found = isName(name) ? native.groupsOf(name) : -1;
    if (typeof found === 'number') return undefined;
    const [gid = 0, ...groups] = found;
    return { gid, groups };
  },
  membersOf: (group) => {
    const known = typeof group === 'number' ? isId(group) : isName(group);
    if (!known) return undefined;
    const found = typeof group === 'number' ? native.membersById(group) : native.membersByName(group);
    return typeof found === 'number' ? undefined : found;
  },
  everyUser: () => {
    const found = native.everyUser();
    if (typeof found === 'number') return undefined;
    return Array.from({ length: found.length / 2 }, (_, at) => {
      const [uid = 0, gid = 0] = found.subarray(2 * at, 2 * at + 2);
      return { uid, gid };
    });
  },
};
