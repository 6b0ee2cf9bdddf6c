import t from 'tap';
import { findProgram, hasSystemd, mayUse, octal } from '../../../src/cli/doctor/host.js';
import { fakeHost } from '../../support/fake-host.js';

const person = { uid: 1000, groups: [1000, 36] };
const cases: [uid: number, gid: number, mode: number, may: boolean][] = [
  [0, 0, 0o666, true],
  [0, 0, 0o660, false],
  [0, 36, 0o660, true],
  [0, 36, 0o640, false],
  [1000, 36, 0o060, false],
  [1000, 0, 0o600, true],
  [0, 36, 0o606, false],
];
for (const [uid, gid, mode, may] of cases) {
  t.equal(mayUse({ kind: 'device', uid, gid, mode }, person), may, `${uid}:${gid} ${octal(mode)}`);
}
t.equal(octal(0o4755), '4755');
t.equal(octal(0o60), '0060');

t.equal(hasSystemd(fakeHost()), false);
t.equal(hasSystemd(fakeHost({ files: { '/run/systemd/system/x': '' } })), true);

const host = fakeHost({
  path: ['/opt/bin', '/usr/bin'],
  programs: { '/opt/bin/ip': '', '/usr/bin/ip': '', '/usr/bin/qemu': '' },
  inert: ['/opt/bin/ip'],
  nodes: { '/opt/bin/qemu': { kind: 'folder' } },
});
t.equal(findProgram(host, 'ip'), '/usr/bin/ip', 'the first that may be executed');
t.equal(findProgram(host, 'qemu'), '/usr/bin/qemu', 'a folder is no program');
t.equal(findProgram(host, '/opt/bin/ip'), undefined);
t.equal(findProgram(host, '/usr/bin/qemu'), '/usr/bin/qemu', 'a path is itself');
t.equal(findProgram(host, 'none'), undefined);
