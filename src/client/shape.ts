/** Checks that JSON from the broker has the fields that protocol/listing.ts promises. Further fields are let through. */
import { forms } from '../core/form.js';
import type { NetworkListing, PortListing, ReloadListing, StatusListing, StatusSummary } from '../protocol/listing.js';
import { portStates } from '../protocol/listing.js';
import type {
  LostPortListing,
  SwitchAddressListing,
  SwitchFacts,
  SwitchNetworkListing,
  SwitchPeerListing,
  SwitchPortListing,
} from '../protocol/switch-report.js';

type Check = (value: unknown) => boolean;
type Shape<T> = { readonly [Key in keyof T]-?: Check };

const string: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number';
const boolean: Check = (value) => typeof value === 'boolean';
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const oneOf =
  (values: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && values.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const numbers: Check = (value) => object(value) && Object.values(value as object).every(number);
const shaped =
  <T>(shape: Shape<T>): Check =>
  (value) =>
    object(value) && misshapen(value as object, shape) === undefined;

export const networkShape: Shape<NetworkListing> = {
  name: string,
  type: string,
  forms: listOf(oneOf(forms)),
  mtu: orNull(number),
  on: string,
  bridge: orNull(string),
  vlan: orNull(number),
  isolated: boolean,
  lockMac: boolean,
  hairpin: boolean,
  maxQueues: number,
  vhost: oneOf(['no', 'yes', 'auto']),
  vhostAvailable: boolean,
  capture: boolean,
  maxPorts: orNull(number),
  usedPorts: number,
  guestsReachEachOther: orNull(boolean),
  hostReachable: orNull(boolean),
  outsideReachable: orNull(boolean),
  uplinks: listOf(string),
  routed: boolean,
  filteredBy: listOf(oneOf(['bridge', 'device', 'switch'])),
  caution: orNull(string),
  problem: orNull(string),
};

export const portShape: Shape<PortListing> = {
  grant: string,
  uid: number,
  gid: number,
  network: string,
  form: oneOf(forms),
  ifname: orNull(string),
  ifindex: orNull(number),
  queues: number,
  mac: string,
  mtu: number,
  holder: number,
  holderName: orNull(string),
  since: number,
  state: oneOf(portStates),
};

const configState = oneOf(['ok', 'refused']);

export const summaryShape: Shape<StatusSummary> = {
  version: string,
  pid: number,
  since: number,
  config: shaped<StatusSummary['config']>({ state: configState }),
};

export const statusShape: Shape<StatusListing> = {
  ...summaryShape,
  mode: oneOf(['system', 'user']),
  config: shaped<StatusListing['config']>({
    state: configState,
    files: listOf(string),
    loaded: number,
    error: orNull(listOf(string)),
  }),
  ports: number,
  connections: number,
  networks: number,
  rules: number,
  counters: numbers,
};

export const reloadShape: Shape<ReloadListing> = {
  files: listOf(string),
  networks: number,
  rules: number,
  atNextStart: listOf(string),
  unusable: listOf(string),
};

export const switchShape: Shape<SwitchFacts> = {
  pid: number,
  since: number,
  clock: number,
  ports: orNull(number),
  mostPorts: number,
  addresses: orNull(number),
  mostAddresses: number,
  threads: number,
  mostThreads: number,
  slabs: number,
};

export const switchNetworkShape: Shape<SwitchNetworkListing> = {
  network: string,
  thread: number,
  ports: number,
  addresses: number,
};

export const switchPortShape: Shape<SwitchPortListing> = {
  port: number,
  network: string,
  kind: string,
  uplink: boolean,
  grant: orNull(string),
  uid: orNull(number),
  mac: orNull(string),
  holder: orNull(number),
  since: orNull(number),
  isolated: boolean,
  locked: boolean,
  addresses: number,
  rxFrames: number,
  rxBytes: number,
  txFrames: number,
  txBytes: number,
  floods: number,
  notLearned: number,
  moves: number,
  drops: numbers,
};

export const switchPeerShape: Shape<SwitchPeerListing> = {
  network: string,
  port: number,
  address: string,
  named: boolean,
  age: orNull(number),
  roundTrip: orNull(number),
};

export const switchAddressShape: Shape<SwitchAddressListing> = {
  address: string,
  network: string,
  port: number,
  age: orNull(number),
};

export const lostPortShape: Shape<LostPortListing> = {
  network: string,
  role: string,
  since: number,
  reason: string,
};

/** @returns the first field that is missing or of the wrong kind, or undefined. */
export function misshapen<T>(value: object, shape: Shape<T>): string | undefined {
  const fields = new Map(Object.entries(value));
  for (const [key, check] of Object.entries<Check>(shape)) {
    if (!check(fields.get(key))) return key;
  }
  return undefined;
}
