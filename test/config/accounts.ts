import t from 'tap';
import { accountParsers } from '../../src/config/accounts.js';
import type { Accounts } from '../../src/core/config.js';
import { testAccounts } from '../support/accounts.js';

const { user, group } = accountParsers(testAccounts);

t.test('names are looked up, numbers taken as they are', async (t) => {
  const users: [string, number | '*'][] = [
    ['*', '*'],
    ['ci', 1001],
    ['root', 0],
    ['DOM\\bob', 70_000],
    ['null', 71_000],
    ['0', 0],
    ['12345', 12_345],
    ['65534', 65_534],
    ['4294967294', 4_294_967_294],
  ];
  for (const [text, id] of users) t.equal(user(text)._unsafeUnwrap(), id, text);
  for (const [text, id] of [
    ['kvm', 36],
    ['domain users', 70_000],
    ['36', 36],
    ['4294967294', 4_294_967_294],
  ] as const) {
    t.equal(group(text)._unsafeUnwrap(), id, text);
  }
});

t.test('who is not there', async (t) => {
  t.equal(
    user('nobdy')._unsafeUnwrapErr().what,
    '"nobdy" is no user of this host; allowed is the name of one that exists, or a number',
  );
  t.match(user('kvm')._unsafeUnwrapErr().what, '"kvm" is no user');
  t.match(group('ci')._unsafeUnwrapErr().what, '"ci" is no group');
  t.match(user('ci, alice')._unsafeUnwrapErr().what, 'write one user a line');
  t.match(group('kvm wheel')._unsafeUnwrapErr().what, 'write one group a line');
  t.match(group('*')._unsafeUnwrapErr().what, '* is for user[] alone; write user[] = * for anyone');
  for (const text of ['4294967295', '4294967296', '00', '01001', '9'.repeat(100)]) {
    t.match(user(text)._unsafeUnwrapErr().what, /is not a number from 0 to 4294967294/, text);
  }
});

t.test('a look-up is never asked what could be an option or several names, and nothing twice', async (t) => {
  const asked: string[] = [];
  const look = (name: string) => {
    asked.push(name);
    return undefined;
  };
  const accounts: Accounts = { ...testAccounts, userId: look, groupId: look };
  const strict = accountParsers(accounts);
  for (const text of ['-x', '--help', '+', 'a:b', 'a/b', 'a,b', 'x'.repeat(256)]) t.ok(strict.user(text).isErr(), text);
  t.same(asked, []);
  for (let time = 0; time < 3; time++) t.ok(strict.user('gone').isErr() && strict.group('gone').isErr());
  t.same(asked, ['gone', 'gone'], 'one user, one group');
});
