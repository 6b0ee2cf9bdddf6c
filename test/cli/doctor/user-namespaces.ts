import t from 'tap';
import { examineUserNamespaces } from '../../../src/cli/doctor/user-namespaces.js';
import { fakeHost, lines } from '../../support/fake-host.js';

const nodes = { '/proc/self/ns/user': {} };
const cases: [file: string, value: string, expected: RegExp][] = [
  ['/proc/sys/user/max_user_namespaces', '15000', /^ok /],
  ['/proc/sys/kernel/unprivileged_userns_clone', '1', /^ok /],
  ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '0', /^ok /],
  [
    '/proc/sys/user/max_user_namespaces',
    '0',
    /^hint user\.max_user_namespaces = 0: .* taps of the switch; .* \| sudo sysctl -w user\.max_user_namespaces=15000$/,
  ],
  ['/proc/sys/kernel/unprivileged_userns_clone', '0', /\| sudo sysctl -w kernel\.unprivileged_userns_clone=1$/],
  ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1', /^hint kernel\.apparmor_\w+ = 1: .*_userns=0$/],
];
for (const [file, value, expected] of cases) {
  const found = lines(examineUserNamespaces(fakeHost({ nodes, files: { [file]: value } })));
  t.match(found, [expected], `${file} = ${value}`);
  t.equal(found.length, 1);
}
t.match(lines(examineUserNamespaces(fakeHost())), [/^hint the kernel has no user namespaces: .* \(CONFIG_USER_NS\)$/]);
