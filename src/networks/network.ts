/** What opening a network yields, and how it fails. */
import type { Result } from 'neverthrow';
import type { BorrowedFunction } from '../core/borrowed-function.js';
import type { Endpoint, Network } from '../core/config.js';
import type { Mac } from '../core/mac.js';
import type { InterfaceName } from '../core/names.js';
import type { PortKind } from '../core/port-kind.js';
import type { QdesLine } from '../core/qdes-line.js';
import { describeSysError, type SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';

/** What was just made. Disposing it closes the fds and undoes everything that was made, unless they were given away. */
interface Opened extends Disposable {
  /** One for each queue, then those of vhost-net: none, or one for each queue too. */
  readonly fds: readonly OwnedFd[];
  /** Bytes without the Ethernet header. */
  readonly mtu: number;
}

/** Of what was handed out, where something tells when it ends; disposing it ends that, and what is behind it. */
export interface Life extends Disposable {
  /** Calls `then` once when it has ended, with a clause that says how; at once where it has by now. */
  whenEnded(then: (reason: string) => void): void;
}

/** A socket, which has no interface. */
export interface OpenedSocket extends Opened {
  readonly ifname: null;
  readonly ifindex: null;
  /** Of a stream: whether it listens. */
  readonly server?: boolean;
  /** Of a port of our switch, which tells of its end; left out: nobody tells. The caller's to dispose of. */
  readonly life?: Life;
  /** Of a socket that is not connected: where frames are to be sent. */
  readonly to?: Endpoint;
}

/** A tap that is a port of a bridge, or a macvtap. */
export interface OpenedLink extends Opened {
  readonly ifname: InterfaceName;
  readonly ifindex: number;
  /** Of a tap its own, on the host's side; of a macvtap the guest's. */
  readonly address: Mac;
  /** ifindex of the bridge it is a port of; 0: of none. */
  readonly master: number;
  /** The SR-IOV function that a macvtap was made on. */
  readonly borrowed?: BorrowedFunction;
  /** Why it carries nothing as yet, a sentence; left out: nothing is known to be in the way. */
  readonly caution?: string;
}

/** A port that a switched network has by itself, as it is to be by the kernel's word of now; nothing is made as yet. */
export interface OwnPortPlan {
  readonly kind: PortKind;
  /** What it is made on, such as an ifindex: one that was made on something else is of no use any more. */
  readonly on: string;
  /** Its descriptors, in the order that the kind says, which are the caller's. */
  open(): Result<readonly OwnedFd[], NetworkError>;
  /** Bytes without the Ethernet header. */
  readonly mtu: number;
  /** Who is at its near end: no frame from there is for guests, and none may send as they; left out: nobody. */
  readonly addresses?: readonly Mac[];
  /** Of QDES. */
  readonly line?: QdesLine;
  /** It is a station of the network, as a guest is, and no way to the outside; left out: it is one. */
  readonly member?: boolean;
}

export type OpenedPort = OpenedLink | OpenedSocket;

/** The bridge, the interface itself (a virtual function), or our switch. */
type Filter = 'bridge' | 'device' | 'switch';

/** What a network offers, by what the kernel says at this moment. */
export interface NetworkFacts {
  /** The interface or the address that it is on. */
  readonly on: string;
  /** Bytes without the Ethernet header, as a port made now would get; null when that cannot be told. */
  readonly mtu: number | null;
  /** null: that is for the switch that the guests' frames are sent to. */
  readonly guestsReachEachOther: boolean | null;
  /** By IPv4 or IPv6, be it link-local; null: not known, or for that switch. */
  readonly hostReachable: boolean | null;
  /** null: not known. */
  readonly outsideReachable: boolean | null;
  /** The interfaces by which frames get there; left out: none is known. */
  readonly uplinks?: readonly string[];
  /** Whether the host forwards guests' packets, to wherever it has routes; left out: no, or not known. */
  readonly routed?: boolean;
  /** Who drops frames that a guest may not send; left out: nobody. */
  readonly filteredBy?: readonly Filter[];
  /** One sentence that its users should know beforehand; left out: nothing of note. */
  readonly caution?: string;
  /** One sentence when the network cannot be used now; null: nothing is wrong. */
  readonly problem: string | null;
}

/** The host cannot do what the rules allow. */
export interface NetworkError {
  readonly tag: 'network';
  /** One sentence for the client: what is wrong and what mends it. */
  readonly what: string;
  readonly cause?: SysError;
}

/** What mends an error of the kernel's, by the errno's name: a clause that goes behind it. */
export type Remedies = Readonly<Record<string, string>>;

/** @param what what could not be done, as a clause: `network "lan" cannot be opened`. */
export function networkError(what: string, cause?: SysError, remedies: Remedies = {}): NetworkError {
  if (cause === undefined) return { tag: 'network', what };
  const remedy = remedies[cause.code];
  const told = `${what}: ${describeSysError(cause)}`;
  return { tag: 'network', what: remedy === undefined ? told : `${told}; ${remedy}`, cause };
}

/** @param remedies besides what holds for every type of network. */
export function cannotOpen({ name }: Pick<Network, 'name'>, cause: SysError, remedies: Remedies = {}): NetworkError {
  const known = { EMFILE: 'the broker is out of descriptors: raise LimitNOFILE', ...remedies };
  return networkError(`network "${name}" cannot be opened`, cause, known);
}

/** The remedy for EPERM. */
export function needsCapability(capability: 'CAP_NET_ADMIN' | 'CAP_NET_RAW'): string {
  return `the broker needs ${capability} in the namespace of its networks (a broker of a user has none on the host)`;
}
