/** What stands in the way of a tap of the switch, and what mends it. */
import t from 'tap';
import { describeKeeperError } from '../../src/broker/keeper-error.js';
import type { SysError } from '../../src/core/sys-error.js';

const failed = (call: string, code: string): SysError => ({ tag: 'sys', call, code, errno: 1 });
const allowed = { 'user/max_user_namespaces': '15000', 'user/max_net_namespaces': '15000' };

const cases: [SysError, Readonly<Record<string, string>>, RegExp][] = [
  [
    failed('unshare', 'EPERM'),
    { 'kernel/unprivileged_userns_clone': '0' },
    /unshare: EPERM; .*sysctl -w kernel.unpriv/,
  ],
  [
    failed('TUNSETIFF', 'EPERM'),
    { 'kernel/apparmor_restrict_unprivileged_userns': '1', 'kernel/unprivileged_userns_clone': '1' },
    /sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or ask for another form$/,
  ],
  [failed('unshare', 'ENOSPC'), { 'user/max_user_namespaces': '0' }, /sysctl -w user.max_user_namespaces=1000,/],
  [failed('unshare', 'ENOSPC'), { 'user/max_net_namespaces': '0' }, /sysctl -w user.max_net_namespaces=1000,/],
  [failed('unshare', 'ENOSPC'), {}, /there are too many: raise user.max_user_namespaces/],
  [failed('unshare', 'EPERM'), {}, /something forbids here, as a container or RestrictNamespaces=/],
  [failed('open /dev/net/tun', 'ENOENT'), {}, /modprobe tun$/],
  [failed('open /dev/net/tun', 'EACCES'), {}, /chmod 0666 \/dev\/net\/tun/],
  [
    failed('socket (AF_PACKET)', 'EAFNOSUPPORT'),
    {},
    /cannot be made: socket \(AF_PACKET\): EAFNOSUPPORT; modprobe af_packet/,
  ],
  [failed('SIOCSIFMTU', 'EINVAL'), {}, /SIOCSIFMTU: EINVAL; see dmesg/],
];

t.test('each is told with its remedy', async (t) => {
  for (const [error, sysctls, words] of cases) {
    const settings: Readonly<Record<string, string>> = { ...allowed, ...sysctls };
    t.match(
      describeKeeperError(error, (path) => settings[path]),
      words,
    );
  }
});
