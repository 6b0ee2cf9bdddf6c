/** Whether a broker answers at the control socket, and who may ask it. */
import type { Result } from 'neverthrow';
import { type ClientError, describeClientError, type Gate } from '../../client/error.js';
import { isFullStatus } from '../../client/verbs.js';
import type { Accounts } from '../../core/config.js';
import type { StatusListing, StatusSummary } from '../../protocol/listing.js';
import { type Finding, fine, hint, problem, shellWord } from './finding.js';
import { type Host, hasSystemd, octal } from './host.js';

const check = 'socket';

export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** undefined: no account has this uid. */
  readonly name: string | undefined;
}

export interface Asked {
  readonly socket: string;
  /** Another place that has no socket either. */
  readonly alsoTried?: string;
  readonly status: Result<StatusSummary | StatusListing, ClientError>;
}

/** @param version of this program. */
export function examineSocket(
  host: Host,
  asked: Asked,
  caller: Caller,
  accounts: Accounts,
  version: string,
): Finding[] {
  return asked.status.match(
    (status) => examineBroker(host, asked.socket, status, caller, accounts, version),
    (error) => [examineFailure(host, asked, error, caller, accounts)],
  );
}

function examineBroker(
  host: Host,
  socket: string,
  status: StatusSummary | StatusListing,
  caller: Caller,
  accounts: Accounts,
  version: string,
): Finding[] {
  const facts = host.stat(socket);
  const owner = facts && `${nameOf(accounts.userName(facts.uid), facts.uid)}:${groupOf(accounts, facts.gid)}`;
  const gate = facts === undefined ? '' : ` (${owner}, mode ${octal(facts.mode)})`;
  const findings = [fine(check, `fdbrokerd ${status.version} answers at ${socket}${gate}`)];
  if (status.version !== version) {
    const restart = hasSystemd(host) ? 'sudo systemctl restart fdbroker.service' : 'end fdbrokerd and start it again';
    findings.push(hint(check, `fdbrokerd is of version ${status.version}, fdbroker of ${version}`, restart));
  }
  if (status.config.state === 'refused') {
    const kept = 'the last reload was refused, so what is in the files does not count';
    findings.push(problem(check, kept, 'fdbroker check'));
  }
  const own = isFullStatus(status) ? status.mode === 'user' : caller.uid !== 0 && facts?.uid === caller.uid;
  if (own) {
    const what = 'the broker is one in user mode: it can use bridges of its own user namespace alone';
    findings.push(hint(check, what, hasSystemd(host) ? 'sudo systemctl enable --now fdbroker.socket' : null));
  }
  return findings;
}

function examineFailure(host: Host, asked: Asked, error: ClientError, caller: Caller, accounts: Accounts): Finding {
  const { socket, alsoTried } = asked;
  switch (error.tag) {
    case 'no-broker': {
      const where = alsoTried === undefined ? socket : `${socket} and ${alsoTried}`;
      if (error.reason === 'missing') return problem(check, `no broker runs: there is no ${where}`, startLine(host));
      const stale = `no broker runs: nobody listens on ${socket}, which one has left behind`;
      return problem(check, stale, hasSystemd(host) ? 'sudo systemctl restart fdbroker.socket' : 'sudo fdbrokerd');
    }
    case 'no-access':
      return examineGate(socket, error.gate, caller, accounts);
    case 'timeout':
    case 'closed':
    case 'garbage':
      return problem(
        check,
        describeClientError(error),
        hasSystemd(host) ? 'sudo systemctl restart fdbroker.service' : null,
      );
    default:
      return problem(check, describeClientError(error), null);
  }
}

function startLine(host: Host): string {
  if (!hasSystemd(host)) return 'sudo fdbrokerd';
  const folders = ['/etc', '/usr/local/lib', '/usr/lib', '/lib'].map((folder) => `${folder}/systemd/system`);
  const installed = folders.some((folder) => host.stat(`${folder}/fdbroker.socket`) !== undefined);
  return installed ? 'sudo systemctl enable --now fdbroker.socket' : 'sudo make install, and then: sudo fdbrokerd';
}

/** The socket, or a folder before it, is closed to the caller. */
function examineGate(socket: string, gate: Gate | undefined, caller: Caller, accounts: Accounts): Finding {
  if (gate === undefined) return problem(check, `a folder on the way to ${socket} may not be searched by you`, null);
  const { path, gid, mode, directory } = gate;
  const user = nameOf(caller.name, caller.uid);
  if (directory) {
    return problem(
      check,
      `the folder ${path} is closed to ${user} (mode ${octal(mode)})`,
      `sudo chmod 0755 ${shellWord(path)}`,
    );
  }
  const group = groupOf(accounts, gid);
  if ((mode & 0o020) === 0 || gid === 0) {
    const alone = `${path} is open to ${nameOf(accounts.userName(gate.uid), gate.uid)} alone (mode ${octal(mode)})`;
    return problem(
      check,
      `${alone}; give it a group`,
      'socket-group = kvm in [broker] of fdbroker.ini, then start fdbrokerd anew',
    );
  }
  const known = caller.name === undefined ? undefined : accounts.groupsOf(caller.name);
  if (known !== undefined && (known.gid === gid || known.groups.includes(gid))) {
    const what = `${path} is open to the group ${group}, which ${user} has joined since logging in`;
    return problem(check, what, `newgrp ${shellWord(group)}`);
  }
  const what = `${path} is open to the group ${group}, and ${user} is not in it; after joining log in again`;
  return problem(check, what, `sudo usermod -aG ${shellWord(group)} ${shellWord(user)}`);
}

function nameOf(name: string | undefined, id: number): string {
  return name ?? (id === 0 ? 'root' : String(id));
}

function groupOf(accounts: Accounts, gid: number): string {
  return nameOf(accounts.groupName(gid), gid);
}
