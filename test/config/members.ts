import t from 'tap';
import { accountParsers } from '../../src/config/accounts.js';
import type { Accounts } from '../../src/core/config.js';
import { testAccounts } from '../support/accounts.js';
import { configOf, errorsOf } from '../support/config-text.js';

const network = '[network lan]\ntype = bridge\nbridge = br0\n';
const rule = (name: string, effect: string, ...groups: string[]) =>
  `[rule ${name}]\neffect = ${effect}\n${groups.map((group) => `group[] = ${group}\n`).join('')}network[] = lan\n`;
const membersIn = (accounts: Accounts, ...groups: string[]) => {
  const { deniedGroup, deniedMembers } = accountParsers(accounts);
  for (const group of groups) deniedGroup(group)._unsafeUnwrap();
  return [...deniedMembers];
};
const problemOf = (accounts: Accounts, group: string) => accountParsers(accounts).deniedGroup(group)._unsafeUnwrapErr();

t.test('those whom the group lists, and those whose primary group it is', async (t) => {
  const primary = { ...testAccounts, everyUser: () => [{ uid: 5, gid: 36 }, ...(testAccounts.everyUser() ?? [])] };
  t.same(membersIn(primary, 'kvm'), [[36, [5, 1000, 1001]]]);
  t.same(membersIn(primary, '36'), [[36, [5, 1000, 1001]]], 'by number');
  t.same(membersIn(testAccounts, 'domain users', 'kvm'), [
    [70_000, [70_000]],
    [36, [1000, 1001]],
  ]);
});

t.test('two groups of one number are one, whichever is named', async (t) => {
  const twice: Accounts = {
    ...testAccounts,
    groupId: (name) => (name === 'second' ? 36 : testAccounts.groupId(name)),
    membersOf: (group) => (group === 'second' ? ['root'] : testAccounts.membersOf(group)),
  };
  t.same(membersIn(twice, 'second'), [[36, [1000, 1001, 0]]]);
  t.same(membersIn(twice, 'kvm', 'second'), [[36, [1000, 1001, 0]]]);
  t.same(membersIn(twice, 'second', 'kvm'), [[36, [1000, 1001, 0]]]);
});

t.test('the groups of denies alone are looked at', async (t) => {
  const { deniedMembers } = configOf(`${network}${rule('a', 'allow', 'stale', '12345')}${rule('d', 'deny', 'kvm')}`);
  t.same([...deniedMembers], [[36, [1000, 1001]]]);
});

t.test('what cannot be told refuses the configuration, with the line', async (t) => {
  const errors = errorsOf(`${network}${rule('d', 'deny', 'stale', '12345')}${rule('e', 'deny', 'stale')}`);
  const gone =
    'group: stale has the member "gone", who is no user of this host and cannot be denied; take the name out of the ' +
    'group, or see that its directory answers';
  t.same(errors, [
    `a.ini:6: ${gone}`,
    'a.ini:7: group: this host has no group 12345 whose members could be looked up, which a deny needs; name another',
    `a.ini:11: ${gone}`,
  ]);
  t.match(problemOf({ ...testAccounts, membersOf: () => undefined }, 'kvm').what, 'no group kvm whose members');
  t.match(problemOf({ ...testAccounts, everyUser: () => undefined }, 'kvm').what, 'cannot be listed');
  t.match(problemOf(testAccounts, '*').what, '* is for user[] alone');
});

t.test('a crowd is refused', async (t) => {
  const crowd = (count: number): Accounts => ({
    ...testAccounts,
    everyUser: () => Array.from({ length: count }, (_, uid) => ({ uid, gid: 10 })),
  });
  t.equal(membersIn(crowd(65_535), 'wheel')[0]?.[1].length, 65_535);
  t.match(problemOf(crowd(65_536), 'wheel').what, 'the groups of all denies have over 65536 members');
});

t.test('nothing is looked up twice', async (t) => {
  const asked: (string | number)[] = [];
  const listening: Accounts = {
    ...testAccounts,
    membersOf: (group) => {
      asked.push(group);
      return testAccounts.membersOf(group);
    },
    everyUser: () => {
      asked.push('everyUser');
      return testAccounts.everyUser();
    },
  };
  membersIn(listening, 'kvm', 'wheel', 'kvm', 'wheel');
  t.same(asked, [36, 'kvm', 'everyUser', 10, 'wheel']);
});
