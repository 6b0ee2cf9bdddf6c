/** What the broker needs of UDP, TCP and processes: a socket is no link, and ends with those who hold it. */
import type { Result } from 'neverthrow';
import type { Endpoint } from '../core/config.js';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from './owned-fd.js';

/** Sockets come out blocking, close-on-exec, and the caller's; of an IPv6 address they are IPv6 only. */
export interface Sockets {
  /** Bound and connected: it takes datagrams of `remote` alone. EADDRINUSE while another socket has `local`. */
  openUdp(local: Endpoint, remote: Endpoint): Result<OwnedFd, SysError>;
  /** Has a queue of one connection. EADDRINUSE while another socket listens there. */
  listenTcp(at: Endpoint): Result<OwnedFd, SysError>;
  /**
   * Connects while others are served. ETIMEDOUT when there is no answer in time; that also holds where the kernel would
   * go on trying.
   */
  connectTcp(to: Endpoint, milliseconds: number): Promise<Result<OwnedFd, SysError>>;
  /**
   * Calls `tell` once, in a turn of its own, when the process has ended, also if it has by now.
   *
   * @param pidfd of the process; closed when `tell` is called or the answer is disposed, and when this fails.
   */
  whenEnded(pidfd: OwnedFd, tell: () => void): Result<Disposable, SysError>;
}
