/** The device nodes: /dev/net/tun and /dev/vhost-net for the broker, /dev/kvm for QEMU. */
import type { Accounts } from '../../core/config.js';
import { type Finding, fine, hint, problem, shellWord } from './finding.js';
import { type FileFacts, type Host, mayUse, octal } from './host.js';
import type { Caller } from './socket.js';

const check = 'device';

/** Whom the broker runs as, by conf/sysusers. */
export const brokerUser = 'fdbroker';

/** @param severalQueues whether a rule gives taps of several queues. */
export function examineDevices(host: Host, caller: Caller, accounts: Accounts, severalQueues: boolean): Finding[] {
  const race = severalQueues ? examineTunRace(host, caller, accounts) : [];
  return [examineTun(host, accounts), ...race, examineVhost(host, accounts), examineKvm(host, caller)];
}

function examineTun(host: Host, accounts: Accounts): Finding {
  const node = '/dev/net/tun';
  const facts = host.stat(node);
  if (facts === undefined) return problem(check, `there is no ${node}, and so no tap`, 'sudo modprobe tun');
  if (facts.kind !== 'device') {
    const what = `${node} is no device node`;
    return problem(check, what, `sudo rm -r ${node} && sudo mknod -m 0666 ${node} c 10 200`);
  }
  const refusal = brokerRefused(facts, accounts);
  if (refusal === undefined) return fine(check, `${node} (mode ${octal(facts.mode)}) is open to the broker`);
  const what = `${node} (mode ${octal(facts.mode)}) ${refusal}; the node gives nobody a network by itself`;
  const mend = `sudo chmod 0666 ${node}`;
  return accounts.userId(brokerUser) === undefined ? hint(check, what, mend) : problem(check, what, mend);
}

/** Who may open the node can attach to a tap of several queues while it is made, so that the broker has to refuse it. */
function examineTunRace(host: Host, caller: Caller, accounts: Accounts): Finding[] {
  const node = '/dev/net/tun';
  const facts = host.stat(node);
  if (facts?.kind !== 'device' || (facts.mode & 0o006) !== 0o006) return [];
  const own = accounts.userId(brokerUser) !== undefined;
  // A broker in user mode needs the node as it is
  if (!own && caller.uid !== 0) return [];
  const [group, mode] = own ? [brokerUser, '0660'] : ['root', '0600'];
  const what = `${node} (mode ${octal(facts.mode)}) is open to everyone: any user can keep others from taps of several queues`;
  const rule = `KERNEL=="tun", GROUP="${group}", MODE="${mode}"`;
  const mend =
    host.stat('/run/udev/control') === undefined
      ? `sudo chgrp ${group} ${node} && sudo chmod ${mode} ${node}`
      : `echo '${rule}' | sudo tee /etc/udev/rules.d/60-tun.rules && sudo udevadm trigger ${node}`;
  return [hint(check, what, mend)];
}

function examineVhost(host: Host, accounts: Accounts): Finding {
  const node = '/dev/vhost-net';
  const facts = host.stat(node);
  if (facts?.kind !== 'device') {
    return hint(
      check,
      `there is no ${node}: guests' frames pass through QEMU, which is slower`,
      'sudo modprobe vhost_net',
    );
  }
  const refusal = brokerRefused(facts, accounts);
  if (refusal === undefined) return fine(check, `${node} (mode ${octal(facts.mode)}) is open to the broker`);
  const what = `${node} (mode ${octal(facts.mode)}) ${refusal}, which hands it out where vhost is allowed`;
  return hint(check, what, `sudo chgrp kvm ${node} && sudo chmod 0660 ${node}`);
}

/** @returns whom the node keeps out; undefined: not the broker. A broker without a user of its own may be root's or anybody's. */
function brokerRefused(facts: FileFacts, accounts: Accounts): string | undefined {
  const uid = accounts.userId(brokerUser);
  const known = accounts.groupsOf(brokerUser);
  if (uid === undefined || known === undefined) {
    const anyone = (facts.mode & 0o006) === 0o006;
    return anyone ? undefined : 'is closed to a broker that is not root';
  }
  const user = { uid, groups: [known.gid, ...known.groups] };
  return mayUse(facts, user) ? undefined : `is closed to the broker's user, ${brokerUser}`;
}

/** Not the broker's affair, and yet why a guest is slow. */
function examineKvm(host: Host, caller: Caller): Finding {
  const node = '/dev/kvm';
  const facts = host.stat(node);
  if (facts?.kind !== 'device') {
    return hint(check, `there is no ${node}: guests run, but ten times slower`, 'sudo modprobe -a kvm_intel kvm_amd');
  }
  if (host.may(node, 'open')) return fine(check, `${node} is open to you`);
  const user = caller.name ?? String(caller.uid);
  const what = `${node} (mode ${octal(facts.mode)}) is closed to you: guests run, but ten times slower`;
  const join = `sudo usermod -aG kvm ${shellWord(user)}`;
  if ((facts.mode & 0o060) === 0o060) return hint(check, what, join);
  return hint(check, what, `sudo chgrp kvm ${node} && sudo chmod 0660 ${node} && ${join}`);
}
