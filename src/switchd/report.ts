/** What the switch tells of itself, from shared memory: the thread that moves frames has no part in it. */
import { formatEndpoint } from '../core/endpoint.js';
import { numberToMac } from '../core/mac.js';
import { type PortLabel, parsePortLabel } from '../core/port-label.js';
import { readAddress } from '../kernel/address-book.js';
import type { ReportOrder } from '../protocol/inspect-order.js';
import type { PlugOrder } from '../protocol/switch-order.js';
import {
  encodeLine,
  type ReportLine,
  type SwitchFacts,
  type SwitchPeerListing,
  type SwitchPortListing,
} from '../protocol/switch-report.js';
import type { Counters } from '../switch/counters.js';
import { type FdbMemory, networkIn, portIn, readSlot, slotCount } from '../switch/fdb.js';
import { listPeers, type PeerMemory } from '../switch/qdes/peer-memory.js';

/** Slots of the table that are looked at in one go. */
const slotsAtOnce = 4096;

export interface ReportSources {
  readonly facts: Pick<SwitchFacts, 'pid' | 'since' | 'mostPorts' | 'mostAddresses'>;
  readonly ports: readonly { readonly order: PlugOrder; readonly peers?: PeerMemory }[];
  readonly counters: Counters;
  readonly fdb: FdbMemory;
  /** Seconds, of the clock that addresses are learned by. */
  readonly clock: number;
}

interface Labelled extends PortLabel {
  readonly order: PlugOrder;
  readonly peers?: PeerMemory;
}

/** Texts of one or more lines; nothing is kept of what was told. */
export function* reportTexts(sources: ReportSources, order: ReportOrder): Generator<string> {
  const { facts, clock } = sources;
  const ports = sources.ports.flatMap((one): Labelled[] => {
    const label = parsePortLabel(one.order.label);
    return label === undefined ? [] : [{ ...label, ...one }];
  });
  const all = order.ports === 'all';
  const wanted = new Set(order.ports === 'all' ? [] : order.ports);
  const shown = all ? ports : ports.filter(({ order: { port } }) => wanted.has(port));
  const behind = countAddresses(sources.fdb);
  const totals = { ports: all ? ports.length : null, addresses: all ? behind.total : null };
  yield encodeLine({ tell: 'switch', ...facts, clock, ...totals });
  for (const [number, network] of new Map(shown.map((one) => [one.order.network, one.network]))) {
    const guests = ports.filter((one) => one.order.network === number && !one.order.uplink).length;
    yield encodeLine({ tell: 'network', network, ports: guests, addresses: behind.networks.get(number) ?? 0 });
  }
  for (const one of shown) {
    const addresses = behind.ports.get(one.order.port) ?? 0;
    yield encodeLine({ tell: 'port', ...portListing(one, sources.counters, addresses) });
  }
  for (const one of shown) for (const peer of peerListings(one, clock)) yield encodeLine({ tell: 'peer', ...peer });
  if (order.addresses) {
    const told = all ? shown : shown.filter((one) => !one.order.uplink);
    yield* addressTexts(sources, new Map(told.map((one) => [one.order.port, one])));
  }
  yield encodeLine({ tell: 'end' });
}

function portListing({ order, network, guest }: Labelled, counters: Counters, addresses: number): SwitchPortListing {
  const { port, kind, uplink, isolated, locked } = order;
  const { id = null, uid = null, mac = null, holder = null, since = null } = guest?.grant ?? {};
  const { drops, ...traffic } = counters.of(port);
  const some = Object.fromEntries(Object.entries(drops).filter(([, frames]) => frames > 0));
  const owner = { grant: id, uid, mac, holder, since };
  return { port, network, kind, uplink, ...owner, isolated, locked, addresses, ...traffic, drops: some };
}

function peerListings({ order: { port }, network, peers }: Labelled, clock: number): SwitchPeerListing[] {
  if (peers === undefined) return [];
  // The kernel layer is not to look into memory that changes under it
  const addresses = peers.addresses.slice();
  return listPeers(peers).flatMap(({ place, fixed, seen, roundTrip }) => {
    const at = readAddress(addresses, place);
    if (at === undefined) return [];
    const heard = { age: ageOf(seen, clock), roundTrip: roundTrip === undefined ? null : Math.round(roundTrip) };
    return [{ network, port, address: formatEndpoint(at), named: fixed, ...heard }];
  });
}

/** Whole seconds; null: it was never seen, or need not be. */
function ageOf(seen: number | undefined, clock: number): number | null {
  return seen === undefined ? null : Math.max(0, Math.floor(clock - seen));
}

function countAddresses(fdb: FdbMemory) {
  const [ports, networks] = [new Map<number, number>(), new Map<number, number>()];
  let total = 0;
  for (let slot = 0; slot < slotCount(fdb); slot += 1) {
    const port = portIn(fdb, slot);
    if (port < 0) continue;
    const network = networkIn(fdb, slot);
    ports.set(port, (ports.get(port) ?? 0) + 1);
    networks.set(network, (networks.get(network) ?? 0) + 1);
    total += 1;
  }
  return { ports, networks, total };
}

function* addressTexts({ fdb, clock }: ReportSources, shown: ReadonlyMap<number, Labelled>): Generator<string> {
  for (let first = 0; first < slotCount(fdb); first += slotsAtOnce) {
    let text = '';
    for (let slot = first; slot < Math.min(first + slotsAtOnce, slotCount(fdb)); slot += 1) {
      const line = addressLine(fdb, slot, clock, shown);
      if (line !== undefined) text += encodeLine(line);
    }
    if (text !== '') yield text;
  }
}

function addressLine(
  fdb: FdbMemory,
  slot: number,
  clock: number,
  shown: ReadonlyMap<number, Labelled>,
): ReportLine | undefined {
  const found = readSlot(fdb, slot);
  const at = found === undefined ? undefined : shown.get(found.port);
  // Else it is half written, of a port that has just gone
  if (found === undefined || at === undefined || at.order.network !== found.network) return undefined;
  const address = numberToMac(Buffer.from(found.address).readUIntBE(0, 6));
  return { tell: 'address', address, network: at.network, port: found.port, age: ageOf(found.seen, clock) };
}
