/** Whether an ordinary user gets a user namespace, which a broker of one's own needs for bridges, and the keeper for taps. */
import { type Finding, fine, hint } from './finding.js';
import type { Host } from './host.js';

const check = 'user-namespace';

/** The first that stands in the way is told: a setting, what it is when it does, and what it should be. */
const gates: readonly (readonly [file: string, closed: string, setting: string])[] = [
  ['/proc/sys/user/max_user_namespaces', '0', 'user.max_user_namespaces=15000'],
  ['/proc/sys/kernel/unprivileged_userns_clone', '0', 'kernel.unprivileged_userns_clone=1'],
  ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1', 'kernel.apparmor_restrict_unprivileged_userns=0'],
];

export function examineUserNamespaces(host: Host): Finding[] {
  const loss =
    'users cannot have bridges and a broker (fdbrokerd --user) of their own, nor guests taps of the switch; bridges need none';
  if (host.stat('/proc/self/ns/user') === undefined) {
    return [hint(check, `the kernel has no user namespaces: ${loss}`, 'boot a kernel that has them (CONFIG_USER_NS)')];
  }
  const closed = gates.filter(([file, value]) => host.read(file) === value);
  if (closed.length === 0) return [fine(check, 'ordinary users may make user namespaces')];
  return closed.map(([file, value, setting]) => {
    const name = file.replace('/proc/sys/', '').replaceAll('/', '.');
    return hint(check, `${name} = ${value}: ${loss}`, `sudo sysctl -w ${setting}`);
  });
}
