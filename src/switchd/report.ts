/** What the switch tells of itself, from shared memory: the threads that move frames have no part in it. */
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
import { type FdbMemory, networkIn, portIn, readSlot, slotCount } from '../switch/fdb.js';
import { listPeers, type PeerMemory } from '../switch/qdes/peer-memory.js';
import type { Tables } from './thread.js';

/** Slots of the table that are looked at in one go. */
const slotsAtOnce = 4096;

interface ReportPort {
  readonly order: PlugOrder;
  readonly thread: number;
  readonly peers?: PeerMemory;
}

export interface ReportSources {
  readonly facts: Omit<SwitchFacts, 'clock' | 'ports' | 'addresses'>;
  readonly ports: readonly ReportPort[];
  /** By the number of their thread; of one that does not run yet there are none. */
  readonly tables: ReadonlyMap<number, Tables>;
  /** Seconds, of the clock that is told. */
  readonly clock: number;
}

interface Labelled extends PortLabel, ReportPort {
  /** Of its thread. */
  readonly tables: Tables;
}

/** Texts of one or more lines; nothing is kept of what was told. */
export function* reportTexts(sources: ReportSources, order: ReportOrder): Generator<string> {
  const { facts, clock } = sources;
  const ports = sources.ports.flatMap((one): Labelled[] => {
    const [label, tables] = [parsePortLabel(one.order.label), sources.tables.get(one.thread)];
    return label === undefined || tables === undefined ? [] : [{ ...label, ...one, tables }];
  });
  const all = order.ports === 'all';
  const wanted = new Set(order.ports === 'all' ? [] : order.ports);
  const shown = all ? ports : ports.filter(({ order: { port } }) => wanted.has(port));
  const behind = countAddresses([...sources.tables.values()]);
  const totals = { ports: all ? ports.length : null, addresses: all ? behind.total : null };
  yield encodeLine({ tell: 'switch', ...facts, clock, ...totals });
  for (const [number, { network, thread }] of new Map(shown.map((one) => [one.order.network, one]))) {
    const guests = ports.filter((one) => one.order.network === number && one.guest !== undefined).length;
    const addresses = behind.networks.get(number) ?? 0;
    yield encodeLine({ tell: 'network', network, thread, ports: guests, addresses });
  }
  for (const one of shown) {
    yield encodeLine({ tell: 'port', ...portListing(one, behind.ports.get(one.order.port) ?? 0) });
  }
  for (const one of shown) for (const peer of peerListings(one, clock)) yield encodeLine({ tell: 'peer', ...peer });
  if (order.addresses) {
    const told = all ? shown : shown.filter((one) => one.guest !== undefined);
    const byPort = new Map(told.map((one) => [one.order.port, one]));
    for (const tables of sources.tables.values()) yield* addressTexts(tables, clock, byPort);
  }
  yield encodeLine({ tell: 'end' });
}

function portListing({ order, network, guest, tables }: Labelled, addresses: number): SwitchPortListing {
  const { port, kind, uplink, isolated, locked } = order;
  const { id = null, uid = null, mac = null, holder = null, since = null } = guest?.grant ?? {};
  const { drops, ...traffic } = tables.counters.of(port);
  const some = Object.fromEntries(Object.entries(drops).filter(([, frames]) => frames > 0));
  const owner = { grant: id, uid, mac, holder, since };
  return { port, network, kind, uplink, ...owner, isolated, locked, addresses, ...traffic, drops: some };
}

function peerListings({ order: { port }, network, peers, tables }: Labelled, clock: number): SwitchPeerListing[] {
  if (peers === undefined) return [];
  const theirs = clock - tables.clockOffset;
  // The kernel layer is not to look into memory that changes under it
  const addresses = peers.addresses.slice();
  return listPeers(peers).flatMap(({ place, fixed, seen, roundTrip }) => {
    const at = readAddress(addresses, place);
    if (at === undefined) return [];
    const heard = { age: ageOf(seen, theirs), roundTrip: roundTrip === undefined ? null : Math.round(roundTrip) };
    return [{ network, port, address: formatEndpoint(at), named: fixed, ...heard }];
  });
}

/** Whole seconds; null: it was never seen, or need not be. */
function ageOf(seen: number | undefined, clock: number): number | null {
  return seen === undefined ? null : Math.max(0, Math.floor(clock - seen));
}

function countAddresses(all: readonly Tables[]) {
  const [ports, networks] = [new Map<number, number>(), new Map<number, number>()];
  let total = 0;
  for (const { fdb } of all) {
    for (let slot = 0; slot < slotCount(fdb); slot += 1) {
      const port = portIn(fdb, slot);
      if (port < 0) continue;
      const network = networkIn(fdb, slot);
      ports.set(port, (ports.get(port) ?? 0) + 1);
      networks.set(network, (networks.get(network) ?? 0) + 1);
      total += 1;
    }
  }
  return { ports, networks, total };
}

function* addressTexts(
  { fdb, clockOffset }: Tables,
  clock: number,
  shown: ReadonlyMap<number, Labelled>,
): Generator<string> {
  for (let first = 0; first < slotCount(fdb); first += slotsAtOnce) {
    let text = '';
    for (let slot = first; slot < Math.min(first + slotsAtOnce, slotCount(fdb)); slot += 1) {
      const line = addressLine(fdb, slot, clock - clockOffset, shown);
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
