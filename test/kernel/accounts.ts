import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { systemAccounts as accounts } from '../../src/kernel/accounts.js';

const lines = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([name]) => name !== undefined && /^[a-z_]/.test(name));

t.test('users of /etc/passwd, by name and by number', async (t) => {
  for (const [name = '', , uid] of lines('/etc/passwd')) {
    t.equal(accounts.userId(name), Number(uid), name);
    const first = lines('/etc/passwd').find(([, , each]) => each === uid)?.[0];
    t.equal(accounts.userName(Number(uid)), first);
  }
});

t.test('groups of /etc/group, by name and by number', async (t) => {
  for (const [name = '', , gid] of lines('/etc/group')) {
    t.equal(accounts.groupId(name), Number(gid), name);
    const first = lines('/etc/group').find(([, , each]) => each === gid)?.[0];
    t.equal(accounts.groupName(Number(gid)), first);
  }
});

t.test('the groups of a user are those that id(1) tells', async (t) => {
  // Whoever runs this may have no account: a container may give any number
  const own = accounts.userName(process.getuid?.() ?? 0) ?? 'root';
  for (const name of new Set(['root', own])) {
    const found = accounts.groupsOf(name);
    const id = (flag: string) => execFileSync('id', [flag, name], { encoding: 'utf8' }).trim().split(' ').map(Number);
    t.same([found?.gid], id('-g'), name);
    t.same(new Set(found?.groups), new Set(id('-G')));
  }
});

t.test('the members of a group are those of /etc/group, by name and by number', async (t) => {
  for (const [name = '', , gid, members = ''] of lines('/etc/group')) {
    const listed = members.split(',').filter((member) => member !== '');
    t.same(accounts.membersOf(name), listed, name);
    if (accounts.groupName(Number(gid)) === name) t.same(accounts.membersOf(Number(gid)), listed, String(gid));
  }
});

t.test('every user of /etc/passwd is listed with the primary group, each time', async (t) => {
  const key = (uid: unknown, gid: unknown) => `${uid} ${gid}`;
  for (let time = 0; time < 2; time++) {
    const listed = new Set(accounts.everyUser()?.map(({ uid, gid }) => key(uid, gid)));
    for (const [name, , uid, gid] of lines('/etc/passwd')) t.ok(listed.has(key(uid, gid)), String(name));
  }
});

t.test('who is unknown', async (t) => {
  const names = [
    '',
    'no-such-account',
    '0',
    'root\0',
    'root ',
    '../root',
    'ä',
    'x'.repeat(256),
    'x'.repeat(257),
    '%s%n',
  ];
  for (const name of names) {
    t.equal(accounts.userId(name), undefined, JSON.stringify(name));
    t.equal(accounts.groupId(name), undefined);
    t.equal(accounts.groupsOf(name), undefined);
    t.equal(accounts.membersOf(name), undefined);
  }
  for (const id of [2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, -1, 0.5, Number.NaN]) {
    t.equal(accounts.userName(id), undefined, String(id));
    t.equal(accounts.groupName(id), undefined);
    t.equal(accounts.membersOf(id), undefined);
  }
});
