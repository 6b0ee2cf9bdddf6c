/** The addon's calls for UDP and TCP (inet.h). Every number returned is 0 or more, or -errno. */
export interface InetCalls {
  /** A new socket of the address's family, which the caller closes: close-on-exec and non-blocking. */
  inetOpen(address: string, stream: boolean): number;
  inetBind(fd: number, address: string, port: number): number;
  /** -EINPROGRESS: TCP goes on; the socket becomes writable when it is done. */
  inetConnect(fd: number, address: string, port: number): number;
  /** Whether datagrams larger than the path's MTU go in fragments; -EMSGSIZE for them otherwise. */
  inetFragment(fd: number, allow: boolean): number;
  /** Bytes of the largest packet for the address that a socket is connected to, by its route and what was learned of the path. */
  inetPathMtu(fd: number): number;
  /** Another descriptor of the same socket, which the caller closes: close-on-exec. */
  inetDuplicate(fd: number): number;
  /** What the last operation ended with, as a positive errno; 0: well. */
  socketError(fd: number): number;
  makeBlocking(fd: number): number;
}
