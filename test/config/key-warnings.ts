import { chmodSync } from 'node:fs';
import t from 'tap';
import { formatConfigError } from '../../src/config/errors.js';
import { warnOfKeyFiles } from '../../src/config/key-warnings.js';
import type { Accounts } from '../../src/core/config.js';
import { testAccounts } from '../support/accounts.js';
import { bridgeNetwork, name, testConfig } from '../support/policy.js';
import { qdesNetwork } from '../support/socket-networks.js';

t.test('key files that the broker will refuse', async (t) => {
  const folder = t.testdir({ 'lab.key': '' });
  const file = `${folder}/lab.key`;
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  const host = (user: number | undefined, ...groups: number[]): Accounts => ({
    ...testAccounts,
    userId: () => user,
    groupsOf: () => ({ gid: 4_000_000_000, groups }),
  });
  const [stranger, member, owner] = [host(4_000_000_000), host(4_000_000_000, gid), host(uid)];
  const warned = (accounts: Accounts, mode: number, keyFile = file, user: string | undefined = 'fdbroker') => {
    chmodSync(file, mode);
    const network = qdesNetwork({ name: name('lab'), origin: { file: 'a.ini', line: 7 }, keyFile });
    return warnOfKeyFiles(testConfig([bridgeNetwork(), network], []), user, accounts).map(formatConfigError);
  };
  const told = 'a.ini:7: [network lab] will have no guest:';
  const none = `${folder}/none`;
  t.same(warned(stranger, 0o600, none), [
    `${told} ${none} is not there; make it by: openssl rand -hex 32, and the same on every host`,
  ]);
  t.same(warned(owner, 0o644), [`${told} ${file} is open to others (mode 0644): chmod 0640 ${file}`]);
  t.equal(warned(owner, 0o660).length, 1);
  t.same(warned(owner, 0o600), []);
  t.same(warned(member, 0o640), []);
  const closed = `the broker's user, fdbroker, may not read ${file}`;
  const remedy = `chgrp fdbroker ${file} && chmod 0640 ${file}`;
  t.same(warned(member, 0o600), [`${told} ${closed} (mode 0600): ${remedy}`]);
  t.same(warned(stranger, 0o640), [`${told} ${closed} (mode 0640): ${remedy}`]);
  t.same(warned(host(undefined), 0o600), [], 'there is no such user');
  t.same(warnOfKeyFiles(testConfig([qdesNetwork({ keyFile: file })], []), undefined, stranger), []);
  t.same(warnOfKeyFiles(testConfig([qdesNetwork()], []), 'fdbroker', stranger), [], 'no key is wanted');
});
