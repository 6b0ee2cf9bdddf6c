/** The addon's calls for UDP sockets in groups (multicast.h), in their order. Every number returned is 0, or -errno. */
export interface MulticastCalls {
  /** Before it is bound. */
  multicastConfine(fd: number, ifindex: number): number;
  multicastSendBy(fd: number, ifindex: number, ttl: number, loop: boolean): number;
  multicastJoin(fd: number, group: string, ifindex: number): number;
}
