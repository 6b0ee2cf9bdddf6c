/** macvtap.h. Every number returned is 0 or more, or -errno; every descriptor is close-on-exec and the caller's. */
export interface MacvtapCalls {
  /** A socket that is told of this namespace's devices, to be read by netlinkReceive. */
  ueventOpen(): number;
  /** A descriptor with a shared lock on it. -ESTALE: the node at that path is of another number. */
  macvtapOpen(path: string, major: number, minor: number): number;
  closesOpen(): number;
  /** @returns the number by which closesTake tells. */
  closesWatch(fd: number, path: string): number;
  /** @param numbers gets those of nodes with a descriptor that ended; -1: some were lost; -2 - number: the node is gone. */
  closesTake(fd: number, numbers: Int32Array): number;
}
