/** Whether the broker's user gets at the nodes of macvtaps, /dev/tapN: udev and its rule, and a /dev that has them. */
import type { Accounts } from '../../core/config.js';
import { brokerUser } from './devices.js';
import { type Finding, fine, hint, problem } from './finding.js';
import type { Host } from './host.js';

const check = 'device';
const rule = '60-fdbroker.rules';

/** Where udev(7) looks, the first first. */
const folders = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'].map((folder) => `${folder}/udev/rules.d`);

/**
 * @param wanted whether there are networks of macvtaps.
 * @param broker its process; undefined: none is known.
 */
export function examineMacvtapNodes(host: Host, accounts: Accounts, wanted: boolean, broker?: number): Finding[] {
  if (!wanted) return [];
  if (!hasDevtmpfs(host)) {
    const what = '/dev is no devtmpfs, as in a container, so the nodes of macvtaps do not appear in it';
    return [hint(check, what, 'run fdbrokerd on the host, or mount -t devtmpfs none /dev')];
  }
  // A broker without a user of its own is root's, which needs nobody to give it the nodes
  if (accounts.userId(brokerUser) === undefined || isRoots(host, broker)) return [];
  const findings: Finding[] = [];
  if (host.stat('/run/udev/control') === undefined) {
    const what = `udev does not run, and it is what gives the nodes of macvtaps to ${brokerUser}`;
    findings.push(problem(check, what, 'sudo apt-get install udev && sudo systemctl start systemd-udevd'));
  }
  const file = folders.map((folder) => `${folder}/${rule}`).find((one) => host.stat(one) !== undefined);
  if (file === undefined) {
    const what = `udev has no rule ${rule}, which gives the nodes of macvtaps to ${brokerUser}`;
    const line = `sudo install -m 0644 conf/udev/${rule} /etc/udev/rules.d/ && sudo udevadm control --reload`;
    findings.push(problem(check, what, line));
  }
  return findings.length > 0 ? findings : [fine(check, `${file} gives the nodes of macvtaps to ${brokerUser}`)];
}

/** Whether root has started it by hand. In another process namespace the number is somebody else's. */
function isRoots(host: Host, broker: number | undefined): boolean {
  const started = host.read(`/proc/${broker}/cmdline`)?.includes('fdbrokerd') === true;
  return started && /^Uid:\t0\t/m.test(host.read(`/proc/${broker}/status`) ?? '');
}

/** Told by what is mounted last at /dev; where that cannot be read, it is taken to be so. */
function hasDevtmpfs(host: Host): boolean {
  const mounts = (host.read('/proc/self/mounts') ?? '').split('\n').map((line) => line.split(' '));
  const last = mounts.filter(([, place]) => place === '/dev').at(-1);
  return last === undefined || last[2] === 'devtmpfs';
}
