/** The validated configuration: what config/ makes of the files and every other layer reads. */
import type { Form } from './form.js';
import type { MacPrefix } from './mac.js';
import type { InterfaceName, NetworkName } from './names.js';

/** Where something was written; `line` counts from 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
}

export interface BrokerSettings {
  /** Group of the control socket, by number; undefined: the broker's own. */
  readonly socketGroup?: number;
  /** Permission bits of the control socket. */
  readonly socketMode: number;
  /** Whose members see every port and may release, reload. Root always may. */
  readonly adminGroup?: number;
  /** Absolute path of the audit file; undefined: standard error. */
  readonly auditFile?: string;
  /** Connections at once of one user, which bounds the descriptors in flight to it. */
  readonly maxConnections: number;
  /** Taps that are made ahead of need at most; 0: none. */
  readonly spareTaps: number;
}

export type Vhost = 'no' | 'yes' | 'auto';

interface Named<Type extends string> {
  readonly type: Type;
  readonly name: NetworkName;
  readonly origin: Origin;
}

/** How guests are kept apart, on a bridge or by our switch. */
export interface Guarding {
  /** Whether a guest reaches no other isolated one, but what is beyond the network alone. */
  readonly isolated: boolean;
  /** Whether a guest sends from its own address alone, which no other then has. */
  readonly lockMac: boolean;
}

/** How the host is on a network of the switch: by a tap made for it alone, or by what is on an existing bridge. */
export interface HostEnd {
  readonly by: 'tap' | 'bridge';
  readonly name: InterfaceName;
}

export interface Hosted {
  /** undefined: the host is not on it. */
  readonly host?: HostEnd;
}

/** A tap on an existing Linux bridge. */
export interface BridgeNetwork extends Named<'bridge'>, Guarding {
  readonly bridge: InterfaceName;
  /** Bytes without the Ethernet header; inherit: the bridge's. */
  readonly mtu: number | 'inherit';
  /** Access VLAN of the port, 1 to 4094; undefined: the bridge's default. */
  readonly vlan?: number;
  readonly hairpin: boolean;
  /** Whether vhost-net may be used: yes also fails requests where the host has none, auto does without. */
  readonly vhost: Vhost;
}

/** An address and a port of UDP or TCP; the family is the address's. */
export interface Endpoint {
  /** `192.0.2.7`, or an IPv6 address without brackets. */
  readonly address: string;
  readonly port: number;
}

/** A connected UDP socket: one frame a datagram. */
export interface UdpNetwork extends Named<'udp'> {
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

/** A TCP connection, or a socket that listens for one. */
export interface TcpNetwork extends Named<'tcp'> {
  readonly role: 'connect' | 'listen';
  readonly endpoint: Endpoint;
}

/** An existing interface's wire, by a packet socket. */
export interface PacketNetwork extends Named<'packet'>, Guarding, Hosted {
  readonly interface: InterfaceName;
  /** Access VLAN, 1 to 4094: guests' frames have no tag, those on the wire have this one; undefined: tags pass. */
  readonly vlan?: number;
  /** Bytes without the Ethernet header, as guests are told; inherit: the interface's. */
  readonly mtu: number | 'inherit';
  /** Whether the socket itself is handed out, whose holder can reach every interface of the broker's namespace. */
  readonly bare: boolean;
}

/** A UDP socket in a group: one frame a datagram, to all who are in it. */
export interface MulticastNetwork extends Named<'multicast'>, Guarding, Hosted {
  /** A group's address, IPv4 or IPv6. */
  readonly group: Endpoint;
  readonly interface: InterfaceName;
  /** Whether members of the group on this host get what is sent, the sender among them. */
  readonly loop: boolean;
  /** 0 to 255, one more than the routers that a frame may pass; 0: it stays on this host. */
  readonly ttl: number;
}

/** One switch of several hosts: frames in UDP, from host to host (docs/qdes.md). */
export interface QdesNetwork extends Named<'qdes'>, Guarding, Hosted {
  /** 0 to 65535; of VXLAN 0 to 2^24 - 1. No other network has it with that port and interface. */
  readonly id: number;
  readonly encapsulation: 'qdes' | 'vxlan';
  /** The one by which datagrams come and go. */
  readonly interface: InterfaceName;
  /** Of UDP, the same on every host. */
  readonly port: number;
  /** A group's address, IPv4 or IPv6; undefined: there are the peers alone. */
  readonly group?: string;
  /** Addresses of hosts, of the group's family, each of which gets what is for all. */
  readonly peers: readonly string[];
  /** 0 to 255, of datagrams to the group. */
  readonly ttl: number;
  /** Bytes without the Ethernet header, as guests are told; inherit: what fits the interface's. */
  readonly mtu: number | 'inherit';
  /** Whether what does not fit the path's MTU goes in fragments of IP, and not at all otherwise. */
  readonly fragment: boolean;
  /** Absolute path of the keys; undefined: who can send to the port is believed. Not of VXLAN. */
  readonly keyFile?: string;
}

/** How a macvtap's frames go between it, its siblings on the parent, and the wire (ip-link(8)). */
export type MacvtapMode = 'vepa' | 'bridge' | 'private' | 'passthru';

/** A macvtap on an existing interface. */
export interface MacvtapNetwork extends Named<'macvtap'> {
  /** The interface that it is on; with `pool` the physical function of whose virtual ones each guest gets one. */
  readonly parent: InterfaceName;
  /** SR-IOV, with mode passthru alone. */
  readonly pool: boolean;
  /** VLAN of the virtual function, 1 to 4094; undefined: as it is. */
  readonly vlan?: number;
  readonly mode: MacvtapMode;
  /** Bytes without the Ethernet header; inherit: the parent's. */
  readonly mtu: number | 'inherit';
  /** As a bridge network's. */
  readonly vhost: Vhost;
}

/** The sum of all network types. */
export type Network =
  | BridgeNetwork
  | MacvtapNetwork
  | UdpNetwork
  | TcpNetwork
  | PacketNetwork
  | MulticastNetwork
  | QdesNetwork;

export interface Rule {
  readonly name: string;
  readonly origin: Origin;
  readonly effect: 'allow' | 'deny';
  /** User ids; `*` is anyone. */
  readonly users: readonly (number | '*')[];
  readonly groups: readonly number[];
  readonly networks: readonly NetworkName[];
  /** undefined: every form. */
  readonly forms?: readonly Form[];
  /** Per user, over this rule's networks; undefined: no limit. */
  readonly maxPorts?: number;
  /** Queues of one port; undefined: 1. */
  readonly maxQueues?: number;
  readonly vhost: Vhost;
  /** undefined: 52:54:00:00:00:00/24. */
  readonly mac?: MacPrefix;
  /** Whether frames of its networks may be captured; undefined: no. */
  readonly capture?: boolean;
}

/** Uids that a user can take inside a user namespace (subuid(5)). */
export interface SubordinateRange {
  /** undefined: nobody that a rule could mean, as root or a name that this host does not know. */
  readonly owner: number | undefined;
  readonly first: number;
  /** Not less than first. */
  readonly last: number;
}

export interface Config {
  readonly broker: BrokerSettings;
  readonly networks: ReadonlyMap<NetworkName, Network>;
  readonly rules: readonly Rule[];
  /** The uids of every group that a deny names, by the account database: a process can shed a group, these cannot. */
  readonly deniedMembers: ReadonlyMap<number, readonly number[]>;
  readonly subordinates: readonly SubordinateRange[];
  /** Every file read, in order. */
  readonly files: readonly string[];
}

/** One thing wrong with a configuration file. */
export interface ConfigError {
  readonly tag: 'config';
  readonly file: string;
  /** 0 when it is the file as a whole (its owner, its mode, that it cannot be read). */
  readonly line: number;
  /** What is wrong, and what is allowed there. */
  readonly what: string;
}

/** The host's users and groups (nsswitch.conf(5)), by name and by number. */
export interface Accounts {
  userId(name: string): number | undefined;
  groupId(name: string): number | undefined;
  userName(uid: number): string | undefined;
  groupName(gid: number): string | undefined;
  /** Supplementary and primary groups of a user by name (getgrouplist(3)), for `explain`. */
  groupsOf(name: string): { readonly gid: number; readonly groups: readonly number[] } | undefined;
  /**
   * Names of those whom a group lists, by its name or number (getgrnam(3)); undefined: there is no such group, or it
   * cannot be looked up.
   */
  membersOf(group: string | number): readonly string[] | undefined;
  /**
   * Every user whom the host can list (getpwent(3)), of whom a directory server may not tell all; undefined: it failed.
   */
  everyUser(): readonly { readonly uid: number; readonly gid: number }[] | undefined;
}
