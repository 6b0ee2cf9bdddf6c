/** The helper where it belongs, elsewhere, of another version, and not to be run. */
import t from 'tap';
import { examineHelper } from '../../../src/cli/doctor/helper.js';
import { type FakeHostParts, fakeHost, lines } from '../../support/fake-host.js';

const [near, far] = ['/usr/local/libexec/fdbroker-helper', '/usr/libexec/fdbroker-helper'];
const found = (parts: FakeHostParts) => lines(examineHelper(fakeHost(parts), [near, far], '1.0.0'));
const says = (file: string, version: string) => ({ [`${file} --version`]: `fdbroker-helper ${version}\n` });

t.same(found({ programs: says(near, '1.0.0') }), [
  `ok ${near} 1.0.0 is what QEMU is given: -netdev tap,helper=${near},br=NETWORK`,
]);
t.match(found({ programs: says(far, '1.0.0') }), [/^ok \/usr\/libexec\//]);
t.match(
  found({ programs: { ...says(far, '0.9.0'), ...says(near, '1.0.0') } }),
  [/^ok \/usr\/local\//],
  'the first counts',
);
t.match(found({}), [/^problem there is no \/usr\/local\/libexec\/fdbroker-helper .* \| sudo make install/]);
t.match(found({ programs: says(near, '0.9.0') }), [
  /^hint .* is of version 0\.9\.0, fdbroker of 1\.0\.0 \| sudo make install/,
]);
t.match(found({ programs: says(near, '1.0.0'), inert: [near] }), [
  /not be executed by you \(mode 0755\) \| sudo chmod 0755 /,
]);
t.match(found({ nodes: { [near]: { kind: 'folder' } } }), [/^problem .* may not be executed/]);
for (const output of ['fails', 'busybox 1.36', undefined]) {
  t.match(found({ programs: { [`${near} --version`]: output } }), [/^problem \S+ does not run: .* \| \S+ --version$/]);
}
const setuid = { programs: says(near, '1.0.0'), nodes: { [near]: { kind: 'file', mode: 0o4755 } } } as const;
t.match(found(setuid), [/^hint \S+ is setuid or setgid, .* \| sudo chmod ug-s /, /^ok /]);
