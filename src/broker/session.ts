/**
 * One request for a network: decide, open, send, record, audit. Every early way out rolls back what was made. Where
 * opening takes time the grant counts meanwhile, and everybody else is served.
 */
import { ok, type Result } from 'neverthrow';
import { type Denial, decide } from '../acl/decide.js';
import type { Network } from '../core/config.js';
import type { Credentials } from '../core/credentials.js';
import { formatEndpoint } from '../core/endpoint.js';
import type { Grant } from '../core/grant.js';
import type { GrantId } from '../core/names.js';
import type { Permit } from '../core/permit.js';
import { isSwitchedForm, isSwitchedNetwork } from '../core/switched.js';
import { describeSysError, type SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { Life, NetworkError, OpenedLink, OpenedPort, OpenedSocket } from '../networks/network.js';
import { openNetwork } from '../networks/open.js';
import { newGrantId } from '../networks/spare-taps.js';
import { okReply, type Reply } from '../protocol/reply.js';
import type { OpenRequest } from '../protocol/request.js';
import { auditCaller, auditGrant } from './audit.js';
import type { Broker } from './broker.js';
import { endGrant } from './endings.js';
import { carriedHolder } from './holders.js';
import type { Entry } from './ledger.js';
import { countUntilGone } from './unsent.js';

/** Sends one reply and gives its descriptors away; an error means that the client has nothing and they are still ours. */
export type Send = (reply: Reply, away: readonly OwnedFd[]) => Result<void, SysError>;

/** The grant whose descriptor the client was sent; undefined: it was told why there is none. */
export type Granted = Entry | undefined;

/**
 * @param carried QEMU's end of the helper's socketpair, if one came along; the caller closes it, and may at once.
 * @param connection the client's, for networks of sockets, whose grants end with a process; the caller closes it.
 * @returns a promise only where opening the network takes time.
 */
export function serveOpen(
  broker: Broker,
  caller: Credentials,
  request: OpenRequest,
  carried: OwnedFd | undefined,
  send: Send,
  connection?: OwnedFd,
): Granted | Promise<Granted> {
  const other = carriedHolder(caller, carried);
  const holder = other ?? caller.pid;
  const asked = { ...auditCaller(caller), holder, network: request.network, form: request.form };
  const refuse = (status: 'denied' | 'refused' | 'failed', message: string, reason = message, rule?: string) => {
    broker.count(status);
    broker.audit.write({ event: status, ...asked, ...(rule === undefined ? {} : { rule }), reason });
    // Nothing to undo: a client that is gone misses a sentence
    void send({ status, message }, []).isOk();
    return undefined;
  };

  const verdict = decide(broker.policy, caller, request, broker.ledger);
  if (verdict.isErr()) {
    const { error } = verdict;
    return refuse(error.kind === 'access' ? 'denied' : 'refused', error.message, error.reason, ruleOf(error));
  }
  const permit = verdict.value;
  const network = broker.config.networks.get(permit.network);
  if (network === undefined) throw new Error('a permit for a network that is not configured');
  const account = broker.accountOf(permit.uid);
  const suspended = broker.suspensions.secondsLeft(account);
  if (suspended > 0) {
    const why = `a tap of uid ${account} had its address changed by its holder; networks are given again in ${suspended} s`;
    return refuse('refused', why, why, ruleOf(permit));
  }
  // A tap's link tells of its end, and so does our switch of a port's; a socket of the kernel has none
  const isSocket = permit.form !== 'tap' && !(isSwitchedNetwork(network) && isSwitchedForm(permit.form));
  const end = other === undefined ? connection : carried;
  const held = isSocket && end !== undefined ? broker.holders.follow(broker.kernel, account, end) : ok(undefined);
  if (held.isErr()) return refuse('failed', held.error, held.error, ruleOf(permit));
  // In another form it is about to be refused, which is to cost nobody a spare
  const isPlain = permit.form === 'tap' && request.vnetHdr && permit.queues === 1;
  const spare = network.type === 'bridge' && isPlain ? broker.spares.take() : undefined;
  spare?.tap.fd.closeFor(permit.uid);
  const grant = grantFor(spare?.id ?? unusedId(broker), permit, network, holder);
  const opened = openNetwork(broker.kernel, network, permit, grant, {
    vnetHdr: request.vnetHdr,
    switchboard: broker.switchboard,
    ...(spare === undefined ? {} : { spare: spare.tap }),
  });
  const finish = (result: Result<OpenedPort, NetworkError>): Granted => {
    if (result.isErr()) {
      held.value?.[Symbol.dispose]();
      return refuse('failed', result.error.what, result.error.what, ruleOf(permit));
    }
    using port = result.value;
    const life = 'life' in port ? port.life : held.value;
    const sent = send(granted(grant, port), port.fds);
    if (sent.isErr()) {
      life?.[Symbol.dispose]();
      if (port.ifindex !== null) countUntilGone(broker, grant, port.ifindex);
      const why = describeSysError(sent.error);
      const message = `the descriptor could not be sent: ${why}; read the answers that wait`;
      return refuse('failed', message, why, ruleOf(permit));
    }
    const given = { pid: caller.pid, rule: ruleOf(permit) as string };
    return record(broker, { ...entryOf(grant, network, port, life), given });
  };
  return opened instanceof Promise ? finishLater(broker, grant, opened, finish) : finish(opened);
}

/** The grant counts towards quotas, and its address is taken, while it is being opened. */
async function finishLater(
  broker: Broker,
  grant: Grant,
  opening: Promise<Result<OpenedPort, NetworkError>>,
  finish: (opened: Result<OpenedPort, NetworkError>) => Granted,
): Promise<Granted> {
  broker.ledger.reserve(grant);
  let opened: Result<OpenedPort, NetworkError>;
  try {
    opened = await opening;
  } finally {
    broker.ledger.unreserve(grant);
  }
  return finish(opened);
}

function record(broker: Broker, entry: Entry): Entry {
  broker.ledger.add(entry);
  broker.count('granted');
  broker.audit.write({ event: 'granted', ...auditGrant(entry) });
  if (entry.ifindex === null) entry.holding.whenEnded((reason) => endGrant(broker, entry, reason));
  return entry;
}

/** @param holding what tells of a socket's end. */
function entryOf(grant: Grant, network: Network, port: OpenedPort, holding: Life | undefined): Entry {
  const { mtu, ifname, ifindex } = port;
  if (ifindex === null) {
    if (holding === undefined) throw new Error('a socket whose holder is not followed');
    return { ...grant, ifname, ifindex, mtu, state: 'up', holding };
  }
  const locked = network.type === 'bridge' && network.lockMac;
  const entry = { ...grant, ifname, ifindex, master: port.master, mtu, locked, state: 'up', settled: false } as const;
  const borrowed = port.borrowed === undefined ? {} : { borrowed: port.borrowed };
  return network.type === 'macvtap' ? { ...entry, ...borrowed, macvtap: true } : entry;
}

function grantFor(id: GrantId, permit: Permit, network: Network, holder: number): Grant {
  const { uid, gid, form, mac, queues } = permit;
  const vlan = 'vlan' in network ? network.vlan : undefined;
  const since = Math.floor(Date.now() / 1000);
  const grant = { id, uid, gid, network: network.name, form, mac, holder, since };
  if (vlan === undefined && queues === 1) return grant;
  return { ...grant, ...(vlan === undefined ? {} : { vlan }), ...(queues === 1 ? {} : { queues }) };
}

function unusedId(broker: Broker): GrantId {
  let id: GrantId;
  do id = newGrantId();
  while (broker.ledger.has(id));
  return id;
}

function granted(grant: Grant, port: OpenedPort): Reply {
  const { id, network, form, mac } = grant;
  const { queues = 1 } = grant;
  const vhost = port.fds.length > queues ? 'yes' : 'no';
  const device = { mtu: String(port.mtu), queues: String(queues), vhost };
  const shape = port.ifindex === null ? socketKeys(port) : linkKeys(port);
  return okReply({ grant: id, network, form, mac, ...shape, ...device });
}

function linkKeys({ ifname, caution }: OpenedLink): { readonly ifname: string; readonly caution?: string } {
  return caution === undefined ? { ifname } : { ifname, caution };
}

function socketKeys({ server, to }: OpenedSocket): { readonly server?: string; readonly to?: string } {
  return {
    ...(server === undefined ? {} : { server: server ? 'yes' : 'no' }),
    ...(to === undefined ? {} : { to: formatEndpoint(to) }),
  };
}

function ruleOf({ rule }: Permit | Denial): string | undefined {
  return rule === undefined ? undefined : `${rule.file}:${rule.line} [rule ${rule.name}]`;
}
