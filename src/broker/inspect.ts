/** The verbs that show the switch at work: the switch itself writes what was asked for, into a pipe that the client reads. */
import { err, ok, type Result } from 'neverthrow';
import { allowedNetworks } from '../acl/allowed.js';
import { decideCapture } from '../acl/capture.js';
import type { Credentials } from '../core/credentials.js';
import type { Grant } from '../core/grant.js';
import { parsePortLabel } from '../core/port-label.js';
import { isSwitchedNetwork } from '../core/switched.js';
import { describeSysError } from '../core/sys-error.js';
import { openPipe } from '../kernel/pipe.js';
import { type CaptureRequest, usualBounds } from '../protocol/capture-request.js';
import type { InspectOrder } from '../protocol/inspect-order.js';
import { okReply, type Reply } from '../protocol/reply.js';
import type { LostPortListing } from '../protocol/switch-report.js';
import { auditCaller } from './audit.js';
import type { Broker } from './broker.js';
import { pageBytes } from './listings.js';
import type { Send } from './session.js';
import type { SwitchPort } from './switch-ports.js';

/** How many descriptors the client was sent: 0 or 1. */
export type Shown = 0 | 1;

/**
 * Everybody is told of ports of their own and of the uplinks of networks that they may use, administrators of all. Without
 * a switch there is nothing to tell, and no descriptor.
 */
export function showSwitch(broker: Broker, caller: Credentials, addresses: boolean, send: Send): Shown {
  const { switchboard } = broker;
  if (!switchboard.connected) return say(okReply({}), send);
  const ports = broker.isAdmin(caller) ? 'all' : visiblePorts(broker, caller);
  const order = { order: 'report', account: broker.accountOf(caller.uid), ports, addresses } as const;
  return show(broker, order, send, { lost: lostPorts(broker, caller) }).match<Shown>(
    (sent) => sent,
    (message) => say({ status: 'failed', message }, send),
  );
}

const grants = new WeakMap<SwitchPort, Grant | undefined>();

/** undefined: an uplink. */
function grantOf(port: SwitchPort): Grant | undefined {
  if (!grants.has(port)) grants.set(port, parsePortLabel(port.order.label)?.guest?.grant);
  return grants.get(port);
}

/** JSON, as many as one message holds. */
function lostPorts(broker: Broker, caller: Credentials): string {
  const usable = new Set(allowedNetworks(broker.policy, caller).map(({ network }) => network));
  const seen = [...broker.switchboard.own.lost].filter(({ network }) => broker.isAdmin(caller) || usable.has(network));
  const rows: string[] = [];
  let size = 0;
  for (const { network, role, since, reason = '' } of seen) {
    const row = JSON.stringify({ network, role, since, reason } satisfies LostPortListing);
    size += Buffer.byteLength(row) + 1;
    if (size > pageBytes) break;
    rows.push(row);
  }
  return `[${rows.join(',')}]`;
}

function visiblePorts(broker: Broker, caller: Credentials): number[] {
  const usable = new Set(allowedNetworks(broker.policy, caller).map(({ network }) => network));
  const sees = (port: SwitchPort) => {
    const grant = grantOf(port);
    return grant === undefined ? usable.has(port.network) : broker.policy.subordinates.manages(caller.uid, grant.uid);
  };
  return [...broker.switchboard.ports].filter(sees).map(({ order }) => order.port);
}

/** By a rule that says `capture = yes`, whoever asks. */
export function capture(broker: Broker, caller: Credentials, request: CaptureRequest, send: Send): Shown {
  const asked = { ...auditCaller(caller), network: request.network };
  const refuse = (status: 'denied' | 'refused' | 'failed', message: string, reason = message): Shown => {
    broker.count(status);
    broker.audit.write({ event: status, ...asked, reason: `capture: ${reason}` });
    return say({ status, message }, send);
  };
  const decided = decideCapture(broker.policy, caller, request.network);
  if (decided.isErr()) {
    const { kind, message, reason } = decided.error;
    return refuse(kind === 'access' ? 'denied' : 'refused', message, reason);
  }
  const found = findPort(broker, request);
  if (found.isErr()) return refuse('refused', found.error);
  const { network, port } = found.value;
  const bounds = { ...usualBounds, ...request.bounds };
  const account = broker.accountOf(caller.uid);
  const order = { order: 'capture', account, network, ...bounds, ...(port === undefined ? {} : { port }) } as const;
  const sent = show(broker, order, send);
  if (sent.isErr()) return refuse('failed', sent.error);
  const { file, line, name } = decided.value;
  const rule = `${file}:${line} [rule ${name}]`;
  const grant = request.port === undefined ? {} : { grant: request.port };
  const reason = `at most ${bounds.frames} frames, ${bounds.bytes} bytes, ${bounds.seconds} s`;
  broker.audit.write({ event: 'captured', ...asked, ...grant, rule, reason });
  return sent.value;
}

/** The switch's numbers for what is asked for. */
function findPort(
  broker: Broker,
  { network, port }: CaptureRequest,
): Result<{ network: number; port?: number }, string> {
  const configured = broker.config.networks.get(network);
  if (configured !== undefined && !isSwitchedNetwork(configured)) {
    return err(
      `network "${network}" is not carried by the switch: use a program as tcpdump(8) on the interface that "fdbroker ports" shows`,
    );
  }
  const there = [...broker.switchboard.ports].filter((one) => one.network === network && !one.leaving);
  if (port === undefined) {
    const [first] = there;
    return first === undefined
      ? err(`network "${network}" has no port at the switch now; start a guest first`)
      : ok({ network: first.order.network });
  }
  const one = there.find((each) => grantOf(each)?.id === port);
  return one === undefined
    ? err(`network "${network}" has no port of grant ${port}; "fdbroker switch" shows those that you may see`)
    : ok({ network: one.order.network, port: one.order.port });
}

/** @returns why it cannot be, a sentence. */
function show(
  broker: Broker,
  order: InspectOrder,
  send: Send,
  fields: Readonly<Record<string, string>> = {},
): Result<Shown, string> {
  const pipe = openPipe();
  if (pipe.isErr()) return err(describeSysError(pipe.error));
  using reader = pipe.value.reader;
  using writer = pipe.value.writer;
  const ordered = broker.switchboard.inspect(order, writer);
  if (ordered.isErr()) return err(ordered.error);
  // The switch finds out by itself that nobody reads
  return ok(send(okReply(fields), [reader]).isOk() ? 1 : 0);
}

function say(reply: Reply, send: Send): Shown {
  // A client that is gone misses a sentence
  void send(reply, []).isOk();
  return 0;
}
