/** QEMU of several ages and builds, and none. */
import t from 'tap';
import { examineQemu } from '../../../src/cli/doctor/qemu.js';
import { fakeHost, lines } from '../../support/fake-host.js';

const program = '/usr/bin/qemu-system-x86_64';
const types = ['socket', 'stream', 'dgram', 'hubport', 'tap', 'l2tpv3', 'vhost-user'];
const says = (version: string, netdevs: readonly string[], file = program) => ({
  [`${file} -version`]: `QEMU emulator version ${version} (Debian 1:7.2)\nCopyright (c) 2003-2022 Fabrice Bellard\n`,
  [`${file} -netdev help`]: `Available netdev backend types:\n${netdevs.join('\n')}\n`,
});
const found = (programs: Record<string, string | undefined>, named?: string) =>
  lines(examineQemu(fakeHost({ programs }), named));

t.same(found(says('7.2.22', types)), [`ok ${program} is QEMU 7.2.22, with -netdev tap, dgram, stream`]);
t.same(found(says('5.2.0', ['socket', 'tap'])), [
  `hint ${program} is QEMU 5.2.0, and has no -netdev dgram (networks of type udp) and -netdev stream (networks of type tcp) | take QEMU 7.2 or later`,
]);
t.match(
  found(
    says(
      '10.0',
      types.filter((type) => type !== 'dgram'),
    ),
  ),
  [/has no -netdev dgram \(networks of type udp\) \|/],
);
t.match(found(says('10.0', ['user', 'dgram'])), [
  /^problem .* QEMU 10\.0, and was built without -netdev tap \| take a QEMU/,
]);
t.match(found({ ...says('7.2', types), [`${program} -version`]: 'bash 5.2' }), [/^hint \S+ does not tell its version/]);
t.match(found({ ...says('7.2', types), [`${program} -netdev help`]: 'fails' }), [/^hint \S+ does not tell/]);
t.match(found({ ...says('7.2', types), [`${program} -version`]: undefined }), [/^hint .* \| \S+ -netdev help$/]);

t.match(found({}), [/^hint no qemu-system-\* is in your PATH \| fdbroker doctor --qemu PROGRAM$/]);
const arm = '/usr/bin/qemu-system-aarch64';
t.match(
  found({ ...says('7.2', types), ...says('8.0', types, arm) }),
  [/x86_64 is QEMU 7\.2/],
  "the machine's kind first",
);
t.match(found(says('8.0', types, arm)), [/aarch64 is QEMU 8\.0/], 'else any');
t.match(found(says('9.1', types, '/usr/libexec/qemu-kvm')), [/^ok \/usr\/libexec\/qemu-kvm is QEMU 9\.1/]);
t.match(found({ ...says('7.2', types), ...says('8.0', types, '/opt/qemu') }, '/opt/qemu'), [
  /^ok \/opt\/qemu is QEMU 8\.0/,
]);
t.match(found(says('7.2', types), '/opt/qemu'), [/^problem there is no program \/opt\/qemu \| /]);
