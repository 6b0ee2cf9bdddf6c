/**
 * What the switch tells of itself: one JSON object a line, each with `tell`, which says what it is of; at the end one with
 * `end`. A report without that was cut off. The names are a public interface (docs/protocol.md).
 */
import type { PortKind } from '../core/port-kind.js';
import type { OwnRole } from '../core/port-label.js';

export interface SwitchFacts {
  readonly pid: number;
  /** Seconds since 1970 at which it started. */
  readonly since: number;
  /** Seconds of a clock that does not go back, with a fraction: between two reports, what passed. */
  readonly clock: number;
  /** How many there are of all, and can be; null: not for who asked. */
  readonly ports: number | null;
  readonly mostPorts: number;
  readonly addresses: number | null;
  readonly mostAddresses: number;
  /** That move frames: how many run, and can. */
  readonly threads: number;
  readonly mostThreads: number;
  /** Bytes in which the threads that run have frames. */
  readonly slabs: number;
}

export interface SwitchNetworkListing {
  readonly network: string;
  /** Which carries it, from 0. */
  readonly thread: number;
  /** Of guests, whether or not who asked is told of them. */
  readonly ports: number;
  readonly addresses: number;
}

export interface SwitchPortListing {
  readonly port: number;
  readonly network: string;
  readonly kind: PortKind;
  readonly uplink: boolean;
  /** Of a guest's port; null, as the next four: one that the network has by itself. */
  readonly grant: string | null;
  readonly uid: number | null;
  readonly mac: string | null;
  readonly holder: number | null;
  readonly since: number | null;
  readonly isolated: boolean;
  readonly locked: boolean;
  /** Behind it. */
  readonly addresses: number;
  /** Frames and bytes from the port into the switch, and out of the switch to the port. */
  readonly rxFrames: number;
  readonly rxBytes: number;
  readonly txFrames: number;
  readonly txBytes: number;
  /** Frames from it that went to all. */
  readonly floods: number;
  /** Frames whose address was not learned for want of room. */
  readonly notLearned: number;
  /** Addresses that came to it from another port. */
  readonly moves: number;
  /** Frames by the reason why they were dropped; reasons without any are left out. */
  readonly drops: Readonly<Record<string, number>>;
}

export interface SwitchAddressListing {
  readonly address: string;
  readonly network: string;
  readonly port: number;
  /** Seconds since it was last seen; null: it is the port's for ever. */
  readonly age: number | null;
}

/** Another host of a network whose uplink leads to many. */
export interface SwitchPeerListing {
  readonly network: string;
  /** Of the uplink. */
  readonly port: number;
  /** As `192.0.2.7:7755` or `[2001:db8::7]:7755`. */
  readonly address: string;
  /** By the configuration. */
  readonly named: boolean;
  /** Seconds since it was heard of; null: never, or it said goodbye. */
  readonly age: number | null;
  /** Microseconds to it and back; null: not known. */
  readonly roundTrip: number | null;
}

/** A port that a network has by itself, and that is missing though somebody needs it. The broker tells it. */
export interface LostPortListing {
  readonly network: string;
  readonly role: OwnRole;
  /** Seconds since 1970. */
  readonly since: number;
  /** One sentence. */
  readonly reason: string;
}

export type ReportLine =
  | ({ readonly tell: 'switch' } & SwitchFacts)
  | ({ readonly tell: 'network' } & SwitchNetworkListing)
  | ({ readonly tell: 'port' } & SwitchPortListing)
  | ({ readonly tell: 'peer' } & SwitchPeerListing)
  | ({ readonly tell: 'address' } & SwitchAddressListing)
  | { readonly tell: 'end' }
  /** In place of a report, or a capture: nothing else comes. */
  | { readonly tell: 'refused'; readonly message: string };

export function encodeLine(line: ReportLine): string {
  return `${JSON.stringify(line)}\n`;
}
