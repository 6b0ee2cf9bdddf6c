/** A host with a few users and groups, for tests of the configuration. */
import type { Accounts } from '../../src/core/config.js';

const users = new Map([
  ['root', 0],
  ['alice', 1000],
  ['ci', 1001],
  ['DOM\\bob', 70_000],
  ['null', 71_000],
]);
const groups = new Map([
  ['root', 0],
  ['kvm', 36],
  ['wheel', 10],
  ['domain users', 70_000],
  ['stale', 99],
]);
const members = new Map<string, readonly string[]>([
  ['root', []],
  ['kvm', ['alice', 'ci']],
  ['wheel', ['root']],
  ['domain users', []],
  ['stale', ['alice', 'gone']],
]);
const nameOf = (names: ReadonlyMap<string, number>, id: number) => [...names].find(([, other]) => other === id)?.[0];

export const testAccounts: Accounts = {
  userId: (name) => users.get(name),
  groupId: (name) => groups.get(name),
  userName: (uid) => nameOf(users, uid),
  groupName: (gid) => nameOf(groups, gid),
  groupsOf: (name) => (users.has(name) ? { gid: users.get(name) as number, groups: [] } : undefined),
  membersOf: (group) => members.get(typeof group === 'string' ? group : (nameOf(groups, group) ?? '')),
  everyUser: () => [...users.values()].map((uid) => ({ uid, gid: uid })),
};
