/** Why the keeper makes no tap, in words that say what mends it. */
import { describeSysError, type SysError } from '../core/sys-error.js';

/** The value of a sysctl, by its path below /proc/sys; undefined: this kernel has none. */
export type ReadSysctl = (path: string) => string | undefined;

/** What forbids namespaces to those without privilege, and the value that does. */
const switches: readonly { readonly path: string; readonly forbids: string; readonly remedy: string }[] = [
  { path: 'kernel/unprivileged_userns_clone', forbids: '0', remedy: 'kernel.unprivileged_userns_clone=1' },
  {
    path: 'kernel/apparmor_restrict_unprivileged_userns',
    forbids: '1',
    remedy: 'kernel.apparmor_restrict_unprivileged_userns=0',
  },
  { path: 'user/max_user_namespaces', forbids: '0', remedy: 'user.max_user_namespaces=1000' },
  { path: 'user/max_net_namespaces', forbids: '0', remedy: 'user.max_net_namespaces=1000' },
];

const instead = 'or ask for another form';

/** @param call of the keeper: what it was doing. */
export function describeKeeperError(error: SysError, read: ReadSysctl): string {
  return `a tap of the switch cannot be made: ${describeSysError(error)}; ${remedyFor(error, read)}`;
}

function remedyFor({ call, code }: SysError, read: ReadSysctl): string {
  if (call.startsWith('open /dev/net/tun')) {
    return code === 'ENOENT'
      ? 'the kernel has no taps: modprobe tun'
      : 'the broker’s user must be able to open it: chmod 0666 /dev/net/tun, as udev does';
  }
  if (code === 'EAFNOSUPPORT') return 'modprobe af_packet';
  // Where AppArmor forbids them, namespaces can be entered, and nothing is allowed in them
  const namespaces = call === 'unshare' || code === 'EPERM' || code === 'EACCES';
  if (!namespaces) return 'see dmesg';
  const off = switches.filter(({ path, forbids }) => read(path) === forbids);
  const needs = 'its taps lie in a user namespace and a network namespace of their own';
  if (off.length > 0) return `${needs}; allow them: sysctl -w ${off.map(({ remedy }) => remedy).join(' ')}, ${instead}`;
  if (code === 'ENOSPC') return `${needs}, and there are too many: raise user.max_user_namespaces, ${instead}`;
  return `${needs}, which something forbids here, as a container or RestrictNamespaces= does, ${instead}`;
}
