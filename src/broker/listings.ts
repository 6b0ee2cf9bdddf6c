/** The verbs that tell: networks, ports, status. Nobody is told of what is not theirs. */
import { readdirSync } from 'node:fs';
import { allowedNetworks } from '../acl/allowed.js';
import { decideCapture } from '../acl/capture.js';
import { formatConfigError } from '../config/errors.js';
import type { Network } from '../core/config.js';
import type { Credentials } from '../core/credentials.js';
import { offeredForms } from '../core/offered-forms.js';
import { isSwitchedNetwork } from '../core/switched.js';
import { processName } from '../kernel/process.js';
import { describeNetwork } from '../networks/open.js';
import { Outlook } from '../networks/outlook.js';
import type { NetworkListing, PortListing, StatusListing, StatusSummary } from '../protocol/listing.js';
import { okReply, type Reply } from '../protocol/reply.js';
import type { Broker } from './broker.js';
import type { Entry } from './ledger.js';

/** Bytes of JSON in one page, which leaves room for the rest of the message. */
export const pageBytes = 48_000;

/** Names in one row, which has to fit one message with room for others. */
const mostUplinks = 16;

export function listNetworks(broker: Broker, caller: Credentials, after: string | undefined): Reply {
  const allowed = allowedNetworks(broker.policy, caller);
  const outlook = new Outlook(broker.kernel, (ifindex) => broker.ledger.byIfindex(ifindex) !== undefined);
  const rows = allowed.flatMap((one): [string, () => NetworkListing][] => {
    const network = broker.config.networks.get(one.network);
    if (network === undefined) return [];
    return [[network.name, () => networkListing(broker, outlook, caller, network, one)]];
  });
  return page(rows, after);
}

function networkListing(
  broker: Broker,
  outlook: Outlook,
  caller: Credentials,
  network: Network,
  allowed: ReturnType<typeof allowedNetworks>[number],
): NetworkListing {
  const offered = offeredForms(network);
  const onBridge = network.type === 'bridge' ? network : undefined;
  const facts = describeNetwork(outlook, network);
  return {
    caution: null,
    routed: false,
    filteredBy: [],
    ...facts,
    uplinks: facts.uplinks?.slice(0, mostUplinks) ?? [],
    name: network.name,
    type: network.type,
    forms: offered.filter((form) => allowed.forms.includes(form)),
    bridge: onBridge?.bridge ?? null,
    vlan: ('vlan' in network ? network.vlan : undefined) ?? null,
    isolated: 'isolated' in network && network.isolated,
    lockMac: 'lockMac' in network && network.lockMac,
    hairpin: onBridge?.hairpin ?? false,
    maxQueues: offered.includes('tap') && !isSwitchedNetwork(network) ? allowed.maxQueues : 1,
    vhost: allowed.vhost,
    vhostAvailable: outlook.vhost,
    capture: isSwitchedNetwork(network) && decideCapture(broker.policy, caller, network.name).isOk(),
    maxPorts: allowed.maxPorts ?? null,
    usedPorts: broker.ledger.portsOf(caller.uid, allowed.countedNetworks),
  };
}

export function listPorts(broker: Broker, caller: Credentials, after: string | undefined): Reply {
  const { ledger, policy } = broker;
  const own = (entry: Entry) => policy.subordinates.manages(caller.uid, entry.uid);
  const seen = broker.isAdmin(caller) ? [...ledger.entries()] : [...ledger.entriesOf(caller.uid)].filter(own);
  return page(
    seen.map((entry) => [entry.id, () => portListing(entry)]),
    after,
  );
}

function portListing(entry: Entry): PortListing {
  const { id, uid, gid, network, form, ifname, ifindex, mac, mtu, holder, since, state, queues = 1 } = entry;
  const holderName = holder === 0 ? null : (processName(holder) ?? null);
  return { grant: id, uid, gid, network, form, ifname, ifindex, queues, mac, mtu, holder, holderName, since, state };
}

/** As many of the texts as have room in so many bytes of JSON; when that is not all, the last says how many more. */
export function fitting(texts: readonly string[], bytes: number): readonly string[] {
  let left = bytes;
  const end = texts.findIndex((text) => {
    left -= Buffer.byteLength(JSON.stringify(text)) + 1;
    return left < 0;
  });
  return end < 0 ? texts : [...texts.slice(0, end), `… and ${texts.length - end} more`];
}

/** As many rows after `after`, in the order of their keys, as one message holds. */
function page(rows: readonly (readonly [string, () => object])[], after: string | undefined): Reply {
  const texts: string[] = [];
  let size = 0;
  let last: string | undefined;
  for (const [key, row] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (after !== undefined && key <= after) continue;
    if (size >= pageBytes) return okReply({ data: `[${texts.join(',')}]`, next: last as string });
    const text = JSON.stringify(row());
    texts.push(text);
    size += Buffer.byteLength(text);
    last = key;
  }
  return okReply({ data: `[${texts.join(',')}]` });
}

export function status(broker: Broker, caller: Credentials): Reply {
  const state = broker.refused === undefined ? 'ok' : 'refused';
  const summary = { version: broker.version, pid: process.pid, since: broker.started };
  if (!broker.isAdmin(caller)) {
    return okReply({ data: JSON.stringify({ ...summary, config: { state } } satisfies StatusSummary) });
  }
  const { config } = broker;
  const errors = broker.refused?.map((error) => formatConfigError(error).slice(0, 400));
  const listing: StatusListing = {
    ...summary,
    mode: broker.mode,
    config: {
      state,
      files: fitting(config.files, pageBytes / 2),
      loaded: broker.loaded,
      error: errors === undefined ? null : fitting(errors, pageBytes / 2),
    },
    ports: broker.ledger.size,
    connections: broker.connections,
    networks: config.networks.size,
    rules: config.rules.length,
    counters: {
      ...Object.fromEntries(broker.counters),
      auditLost: broker.audit.lost,
      auditOmitted: broker.audit.omitted,
      openFiles: readdirSync('/proc/self/fd').length,
      spareTaps: broker.spares.count,
      lostUplinks: [...broker.switchboard.own.lost].length,
      longestTurnMs: Math.round(broker.longestTurn * 1000) / 1000,
    },
  };
  return okReply({ data: JSON.stringify(listing) });
}
