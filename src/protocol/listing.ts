/** What the key `data` of a reply holds, as JSON (docs/protocol.md). The names are a public interface. */
import type { Network } from '../core/config.js';
import type { Form } from '../core/form.js';

/** `networks`: one element of the array; only networks that the caller may use. `next` is the last one's name. */
export interface NetworkListing {
  readonly name: string;
  readonly type: Network['type'];
  /** The interface or the address that it is on. */
  readonly on: string;
  /** The forms that both the network and the caller's rules allow. */
  readonly forms: readonly Form[];
  /** Bytes without the Ethernet header, as a port made now would get; null when that is the bridge's and there is no bridge to ask. */
  readonly mtu: number | null;
  /** The bridge of a network of that type; null for the others. */
  readonly bridge: string | null;
  /** Access VLAN; null: the bridge's default. */
  readonly vlan: number | null;
  readonly isolated: boolean;
  readonly lockMac: boolean;
  readonly hairpin: boolean;
  /** Queues that a port of the caller may have. */
  readonly maxQueues: number;
  /** Whether the caller may have vhost-net; auto: where the host has it. */
  readonly vhost: 'no' | 'yes' | 'auto';
  /** Whether the host has vhost-net, open to the broker. */
  readonly vhostAvailable: boolean;
  /** Whether the caller may capture its frames: by a rule, where the switch carries it. */
  readonly capture: boolean;
  /** Ports that the caller may have at once; null: no limit. */
  readonly maxPorts: number | null;
  /** Ports that the caller has and that count towards `maxPorts`. */
  readonly usedPorts: number;
  /** null: that is for the switch to decide that the guests' frames are sent to (macvtap with mode vepa or a pool). */
  readonly guestsReachEachOther: boolean | null;
  /** Whether the host has an address there, be it a link-local one; null: not known, or for that switch too. */
  readonly hostReachable: boolean | null;
  /** null: not known. */
  readonly outsideReachable: boolean | null;
  /** The interfaces by which guests' frames get outside: when there are many, the first of them. */
  readonly uplinks: readonly string[];
  /** Whether the host forwards guests' packets, to wherever it has routes. */
  readonly routed: boolean;
  /** Who drops what a guest may not send: nobody; `bridge` or `switch`, by lockMac, isolated, vlan; `device`, a virtual function. */
  readonly filteredBy: readonly ('bridge' | 'device' | 'switch')[];
  /** One sentence that users should know beforehand, as what its holder can do besides; null: nothing of note. */
  readonly caution: string | null;
  /** One sentence when the network cannot be used now (the bridge is missing or down); null: nothing is wrong. */
  readonly problem: string | null;
}

/**
 * up: as it was handed out. quarantined: its holder changed its address, so it was taken off its bridge and put down.
 * detached: an administrator took it off its bridge. unheld: nobody has it open, it is being deleted.
 */
export const portStates = ['up', 'quarantined', 'detached', 'unheld'] as const;
export type PortState = (typeof portStates)[number];

/** `ports`: one element of the array; an ordinary user gets only own ports. `next` is the last one's grant. */
export interface PortListing {
  readonly grant: string;
  /** The owner. */
  readonly uid: number;
  readonly gid: number;
  readonly network: string;
  readonly form: Form;
  /** null: a socket, which has no interface. */
  readonly ifname: string | null;
  readonly ifindex: number | null;
  readonly queues: number;
  readonly mac: string;
  /** Bytes without the Ethernet header. */
  readonly mtu: number;
  /** The process whose life the grant follows; 0: unknown. */
  readonly holder: number;
  /** Its command name (proc(5), comm); null: unknown. */
  readonly holderName: string | null;
  /** Seconds since 1970. */
  readonly since: number;
  readonly state: PortState;
}

/** Whether the configuration files as they were last read are in force, or were refused and the one before stands. */
export type ConfigState = 'ok' | 'refused';

/** `status` for an ordinary user. */
export interface StatusSummary {
  readonly version: string;
  readonly pid: number;
  /** Seconds since 1970 at which the broker started. */
  readonly since: number;
  readonly config: { readonly state: ConfigState };
}

/** `status` for root and the admin group. */
export interface StatusListing extends StatusSummary {
  readonly mode: 'system' | 'user';
  readonly config: {
    readonly state: ConfigState;
    /** Every file read for the configuration in force; of very many the first, and how many more. */
    readonly files: readonly string[];
    /** Seconds since 1970 at which it was loaded. */
    readonly loaded: number;
    /** Errors of the last reload, each as `file:line: what`, as many as there is room; null: it was not refused. */
    readonly error: readonly string[] | null;
  };
  readonly ports: number;
  readonly connections: number;
  readonly networks: number;
  readonly rules: number;
  /**
   * Since the start, by name: requests, granted, denied, invalid, surplusFds, auditLost, auditOmitted …; longestTurnMs; and
   * as it is now: openFiles, and among them spareTaps.
   */
  readonly counters: Readonly<Record<string, number>>;
}

/** `reload`. */
export interface ReloadListing {
  readonly files: readonly string[];
  readonly networks: number;
  readonly rules: number;
  /** Settings that are different in the files and count only when the broker starts again: `socket-mode` … */
  readonly atNextStart: readonly string[];
  /** What is wrong with files of keys, a line each, with file and line of the section; the keys before stay in use. */
  readonly unusable: readonly string[];
}
