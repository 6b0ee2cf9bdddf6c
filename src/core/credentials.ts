/** Who is at the other end of a socket, by the kernel's word (unix(7): SO_PEERCRED, SO_PEERGROUPS). */
export interface Credentials {
  /** Process id, in the broker's pid namespace; 0 when it is not visible there. */
  readonly pid: number;
  readonly uid: number;
  /** Primary group. */
  readonly gid: number;
  /** Supplementary groups, as at connect. */
  readonly groups: readonly number[];
}
