/** A system call that failed. */
export interface SysError {
  readonly tag: 'sys';
  /** The call and what it was for: `TUNSETIFF`, `RTM_NEWLINK (port policy)`. */
  readonly call: string;
  /** The errno's name, as `EPERM`. */
  readonly code: string;
  /** errno, positive. */
  readonly errno: number;
  /** The kernel's own words, where it gave any (netlink's extended acknowledgement). */
  readonly detail?: string;
}

export function describeSysError(error: SysError): string {
  return `${error.call}: ${error.code}${error.detail === undefined ? '' : ` (${error.detail})`}`;
}
