/** The interfaces behind networks of macvtaps: there, up, with a carrier, and no part of something else. */
import { type Finding, fine, hint, problem, shellWord } from './finding.js';
import type { LinkFacts } from './links.js';
import type { NetworkFacts } from './networks.js';

const check = 'parent';

/** Each parent once; and what the broker says of networks about whose parent nothing was found here. */
export function examineParents(links: readonly LinkFacts[] | undefined, networks: readonly NetworkFacts[]): Finding[] {
  const parents = new Set(networks.flatMap(({ parent }) => parent ?? []));
  return [...parents].flatMap((name) => {
    const users = networks.filter(({ parent }) => parent === name);
    const found = links === undefined ? [blind(name)] : examineParent(name, links, users);
    if (found.some(({ level }) => level === 'problem')) return found;
    const told = users.flatMap(({ problem: wrong }) => wrong ?? []);
    return [...found, ...told.map((wrong) => problem('network', wrong, null))];
  });
}

function blind(name: string): Finding {
  return hint(check, `ip (iproute2) is missing, so ${name} was not looked at`, 'sudo apt-get install iproute2');
}

function examineParent(name: string, links: readonly LinkFacts[], users: readonly NetworkFacts[]): Finding[] {
  const link = links.find((one) => one.name === name);
  const on = `${users.map((user) => user.name).join(', ')} ${users.length === 1 ? 'is' : 'are'} on`;
  if (link === undefined) {
    if (users.some((network) => network.problem === null)) {
      const what = `${name} is not in your network namespace; the broker has it in its own and says nothing is wrong`;
      return [hint(check, what, null)];
    }
    const line = 'ip link show, and then: parent = INTERFACE in fdbroker.ini';
    return [problem(check, `there is no interface ${name}, which ${on}`, line)];
  }
  if (!link.up) return [problem(check, `${name} is down, and ${on} it`, `sudo ip link set ${shellWord(name)} up`)];
  // One that only says by which table to route takes no frames away
  const master = links.find((one) => one.name === link.master && one.kind !== 'vrf');
  // How the physical function is used is nothing to its virtual ones
  if (master !== undefined && users.some(({ pool }) => pool !== true)) {
    const what = `${name} is a part of ${master.name}, which leaves no frames to macvtaps, and ${on} it`;
    const line =
      master.kind === 'bridge'
        ? `type = bridge and bridge = ${master.name} in fdbroker.ini, then: sudo fdbroker reload`
        : `parent = ${master.name} in fdbroker.ini, then: sudo fdbroker reload`;
    return [problem(check, what, line)];
  }
  if (!link.carrier) {
    const what = `${name} has no carrier: guests on it reach no further than each other`;
    return [hint(check, what, `ip link show ${shellWord(name)}, and see to its cable, or to its far end`)];
  }
  const findings = [fine(check, `${name} is up and has a carrier`)];
  if (users.every(({ pool }) => pool === true)) return findings;
  const what = `guests on ${name} cannot reach this host's addresses there, nor the host them: macvtaps are so`;
  return [...findings, hint(check, what, 'type = bridge for those who need the host')];
}
