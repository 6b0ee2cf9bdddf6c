/**
 * SR-IOV: a physical function and the virtual ones that it has, each of which may be an interface of its own. How one is
 * set is told to the physical function, whose driver keeps to it whatever the virtual one's user does.
 */
import type { Result } from 'neverthrow';
import type { FunctionSettings } from '../core/borrowed-function.js';
import type { SysError } from '../core/sys-error.js';

export interface VirtualFunction extends FunctionSettings {
  /** Counts from 0. */
  readonly number: number;
  /** Its PCI device, as Link.device of its interface has it; undefined: it is not in sysfs. */
  readonly device: string | undefined;
}

export interface VirtualFunctions {
  /** Those of the physical function with this ifindex; none where it has none, or is no such thing. */
  list(physical: number): Result<readonly VirtualFunction[], SysError>;
  /**
   * What is left out stays as it is; `vlan` goes with `priority`. Of an error a part may have been applied. EOPNOTSUPP:
   * the driver does not know one of them.
   */
  set(physical: number, number: number, change: Partial<FunctionSettings>): Result<void, SysError>;
  /** Gives a link an alias and changes nothing else. */
  label(ifindex: number, alias: string): Result<void, SysError>;
  /**
   * Brings an interface up, without IPv6 addresses of its own from then on, or down; on the thread pool, because a card
   * may take its time.
   */
  setUp(ifindex: number, up: boolean): Promise<Result<void, SysError>>;
}
