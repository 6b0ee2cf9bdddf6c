/** What is around networks: what a bridge is joined to, where the host itself is on a link, and what else it has. */
import type { Result } from 'neverthrow';
import type { InterfaceName } from '../core/names.js';
import type { SysError } from '../core/sys-error.js';

/** An interface for one VLAN of another (kind vlan), whose ifindex is `on`. */
export interface VlanLink {
  readonly ifindex: number;
  readonly on: number;
  readonly vlan: number;
  readonly up: boolean;
}

/** What the host's own IP does on a link. */
export interface HostOnLink {
  /** Whether it has an address there, IPv4 or IPv6; a link-local one counts. */
  readonly hasAddress: boolean;
  /** Whether it forwards what comes from there, in a family in which it has an address there that is not link-local. */
  readonly routes: boolean;
}

/** Nothing of it changes anything. */
export interface Surroundings {
  /** ifindexes of a bridge's ports, those that joined first before others; in one call, however many there are. */
  bridgePorts(bridge: InterfaceName): Result<readonly number[], SysError>;
  /** Every interface of the namespace that is for one VLAN of another. */
  vlanLinks(): Result<readonly VlanLink[], SysError>;
  hostOnLink(ifindex: number): Result<HostOnLink, SysError>;
  /**
   * The host's addresses of one family on a link, as hexadecimal digits, those that are not link-local before others; none
   * of which the kernel is not sure yet that nobody else has it.
   */
  addressesOn(ifindex: number, six: boolean): Result<readonly string[], SysError>;
  /** Whether Kernel.openVhost would find a node that it may open. Its module, which opening loads, is not looked for. */
  mayOpenVhost(): boolean;
}
