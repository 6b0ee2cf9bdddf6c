/** Every grant in force, in memory: what quotas count, what may be released, and what may be deleted at all. */

import { type Grant, tapAddress } from '../core/grant.js';
import { macToNumber } from '../core/mac.js';
import type { GrantId, InterfaceName, NetworkName } from '../core/names.js';
import type { Life } from '../networks/network.js';
import type { PortState } from '../protocol/listing.js';

interface Handed extends Grant {
  /** Bytes without the Ethernet header. */
  readonly mtu: number;
  state: PortState;
  /** Who was given it, and by which rule; undefined: a broker before this one gave it. */
  readonly given?: { readonly pid: number; readonly rule: string };
}

/** A port in the ledger. Its kernel object is the link with this ifindex, and no other. */
export interface LinkEntry extends Handed {
  readonly ifname: InterfaceName;
  readonly ifindex: number;
  /** ifindex of its bridge when it was handed out. */
  readonly master: number;
  /** A macvtap, which has the guest's address and stays when it is closed; left out: a tap. */
  readonly macvtap?: true;
  /** Whether only `mac` may pass, by a static forwarding entry in `vlan`. */
  readonly locked: boolean;
  /** Whether the kernel has told of the port as it was handed out; what it tells before is of the port in the making. */
  settled: boolean;
}

/** A socket in the ledger: only its holders know what becomes of it, so the grant ends with the first of them. */
interface SocketEntry extends Handed {
  readonly ifname: null;
  readonly ifindex: null;
  /** What tells of its end, as long as the grant is in force. */
  readonly holding: Life;
}

export type Entry = LinkEntry | SocketEntry;

export class Ledger {
  readonly #byGrant = new Map<GrantId, Entry>();
  /** Grants that are being opened. */
  readonly #reserved = new Map<GrantId, Grant>();
  readonly #byIfindex = new Map<number, LinkEntry>();
  readonly #byAccount = new Map<number, Set<Entry>>();
  /** How many ports each account has on each network, so that a quota costs the same however many there are. */
  readonly #counts = new Map<number, Map<NetworkName, number>>();
  /** Guests' addresses and the taps' own, as 48-bit numbers, with how many entries have each. */
  readonly #addresses = new Map<number, number>();

  #accountOf = (uid: number): number => uid;

  get size(): number {
    return this.#byGrant.size;
  }

  /** From now on ports count by these accounts, also those that are there. */
  countBy(accountOf: (uid: number) => number): void {
    const entries = [...this.#byGrant.values()];
    const reserved = [...this.#reserved.values()];
    for (const entry of entries) this.remove(entry);
    for (const grant of reserved) this.unreserve(grant);
    this.#accountOf = accountOf;
    for (const entry of entries) this.add(entry);
    for (const grant of reserved) this.reserve(grant);
  }

  /** A grant that is being opened counts, and its address is in use, until {@link unreserve}. */
  reserve(grant: Grant): void {
    if (this.has(grant.id)) throw new Error(`grant ${grant.id} twice`);
    this.#reserved.set(grant.id, grant);
    this.#count(grant, 1);
  }

  unreserve(grant: Grant): void {
    if (this.#reserved.delete(grant.id)) this.#count(grant, -1);
  }

  add(entry: Entry): void {
    if (this.has(entry.id) || this.#byIfindex.has(entry.ifindex ?? -1)) throw new Error(`grant ${entry.id} twice`);
    this.#byGrant.set(entry.id, entry);
    if (entry.ifindex !== null) this.#byIfindex.set(entry.ifindex, entry);
    const account = this.#accountOf(entry.uid);
    const own = this.#byAccount.get(account);
    if (own === undefined) this.#byAccount.set(account, new Set([entry]));
    else own.add(entry);
    this.#count(entry, 1);
  }

  /** @returns whether it was there. */
  remove(entry: Entry): boolean {
    if (this.#byGrant.get(entry.id) !== entry) return false;
    this.#byGrant.delete(entry.id);
    if (entry.ifindex !== null) this.#byIfindex.delete(entry.ifindex);
    const account = this.#accountOf(entry.uid);
    const own = this.#byAccount.get(account);
    own?.delete(entry);
    if (own?.size === 0) this.#byAccount.delete(account);
    this.#count(entry, -1);
    return true;
  }

  /** Whether there is such a grant, or one is being opened. */
  has(id: GrantId): boolean {
    return this.#byGrant.has(id) || this.#reserved.has(id);
  }

  get(id: GrantId): Entry | undefined {
    return this.#byGrant.get(id);
  }

  byIfindex(ifindex: number): LinkEntry | undefined {
    return this.#byIfindex.get(ifindex);
  }

  entries(): IterableIterator<Entry> {
    return this.#byGrant.values();
  }

  /** Of every uid that counts with this one. */
  entriesOf(uid: number): Iterable<Entry> {
    return this.#byAccount.get(this.#accountOf(uid)) ?? [];
  }

  /** How many ports a user has on these networks, with those of every uid that counts with it. */
  portsOf(uid: number, networks: ReadonlySet<NetworkName>): number {
    let count = 0;
    for (const [network, ports] of this.#counts.get(this.#accountOf(uid)) ?? [])
      if (networks.has(network)) count += ports;
    return count;
  }

  /** @param address as a 48-bit number. */
  macInUse(address: number): boolean {
    return this.#addresses.has(address);
  }

  #count(entry: Grant, by: 1 | -1): void {
    for (const mac of [entry.mac, tapAddress(entry.id)]) add(this.#addresses, Number(macToNumber(mac)), by);
    const account = this.#accountOf(entry.uid);
    const own = this.#counts.get(account) ?? new Map<NetworkName, number>();
    this.#counts.set(account, own);
    add(own, entry.network, by);
    if (own.size === 0) this.#counts.delete(account);
  }
}

function add<K>(counts: Map<K, number>, key: K, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
