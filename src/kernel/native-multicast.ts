/** The addon's calls for UDP sockets in groups (multicast.h), in their order. Every number returned is 0, or -errno. */
export interface MulticastCalls {
  /** Before it is bound. @param share whether others may be bound to the same address and port. */
  multicastConfine(fd: number, ifindex: number, share: boolean): number;
  multicastSendBy(fd: number, ifindex: number, ttl: number, loop: boolean): number;
  multicastJoin(fd: number, group: string, ifindex: number): number;
  multicastLeave(fd: number, group: string, ifindex: number): number;
}
