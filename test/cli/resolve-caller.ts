import t from 'tap';
import { resolveCaller } from '../../src/cli/resolve-caller.js';
import type { Accounts } from '../../src/core/config.js';

const accounts: Accounts = {
  userId: (name) => (name === 'alice' ? 1000 : name === 'ghost' ? 1001 : undefined),
  groupId: () => undefined,
  userName: (uid) => (uid === 1000 ? 'alice' : uid === 1001 ? 'ghost' : undefined),
  groupName: () => undefined,
  groupsOf: (name) => (name === 'alice' ? { gid: 100, groups: [100, 36] } : undefined),
  membersOf: () => undefined,
  everyUser: () => undefined,
};
const world = { uid: 7, gid: 8, groups: [9] };
const alice = { pid: 0, uid: 1000, gid: 100, groups: [100, 36], user: 'alice' };

t.same(resolveCaller('alice', world, accounts)._unsafeUnwrap(), alice);
t.same(resolveCaller('1000', world, accounts)._unsafeUnwrap(), alice, 'by number');
t.same(resolveCaller(undefined, world, accounts)._unsafeUnwrap(), { pid: 0, ...world, user: null }, 'oneself');
const groupless = { pid: 0, gid: -1, groups: [] };
t.same(resolveCaller('77', world, accounts)._unsafeUnwrap(), { ...groupless, uid: 77, user: null }, 'no account');
t.same(resolveCaller('ghost', world, accounts)._unsafeUnwrap(), { ...groupless, uid: 1001, user: 'ghost' });
t.equal(resolveCaller('4294967294', world, accounts)._unsafeUnwrap().uid, 4_294_967_294, 'the highest');
for (const none of ['bob', '4294967295', '99999999999', '-1', '1e3', ' ']) {
  t.match(resolveCaller(none, world, accounts)._unsafeUnwrapErr().what, /^there is no user ".*" on this host/, none);
}
