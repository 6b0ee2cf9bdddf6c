/** What the broker needs of sockets and processes: a socket is no link, and ends with those who hold it. */
import type { Result } from 'neverthrow';
import type { Endpoint } from '../core/config.js';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from './owned-fd.js';

/** How a socket is in a group. */
export interface Membership {
  /** The group's address, IPv4 or IPv6, and the port. */
  readonly group: Endpoint;
  /** Of the interface by which it sends and receives. */
  readonly ifindex: number;
  /** 0 to 255; of IPv6 the hop limit. */
  readonly ttl: number;
  /** Whether the host's own members of the group get what it sends, itself among them. */
  readonly loop: boolean;
}

/** A socket of UDP that exchanges datagrams with any host, and with groups. */
export interface Datagrams {
  readonly six: boolean;
  /** That it is bound to, at every address of the host. */
  readonly port: number;
  /** Of the interface by which it sends and receives. */
  readonly ifindex: number;
  /** 0 to 255, of datagrams to groups; of IPv6 the hop limit. */
  readonly ttl: number;
  /** Whether datagrams larger than the path's MTU go in fragments; EMSGSIZE for them otherwise. */
  readonly fragment: boolean;
}

/**
 * Sockets come out close-on-exec, and the caller's; of an IPv6 address they are IPv6 only. They are blocking, as programs
 * expect, but for those of UDP that only our switch has.
 */
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
   * A UDP socket that is bound to the group and not connected. It gets what comes to the group and port by that interface,
   * and nothing else; any number of sockets can be there. ENODEV, EADDRNOTAVAIL: there is no such interface; EINVAL: it has
   * no such family.
   */
  openMulticast(membership: Membership): Result<OwnedFd, SysError>;
  /**
   * For the switch, not blocking: a UDP socket that is connected to the group, and sends as one of {@link openMulticast}
   * does, from a port of its own.
   */
  openMulticastSender(membership: Membership): Result<OwnedFd, SysError>;
  /**
   * For the switch, not blocking: a UDP socket that is not connected and in no group; the host's own members of groups do
   * not get what it sends. EADDRINUSE while another socket has the port.
   *
   * @param buffer bytes of memory for datagrams that wait, each way, as far as the kernel lets us.
   */
  openDatagrams(datagrams: Datagrams, buffer: number): Result<OwnedFd, SysError>;
  /**
   * Bytes of the largest packet of IP that goes to a host or group by that interface: by its route, and what routers on
   * the way have said. undefined: there is no way there now.
   */
  pathMtu(address: string, ifindex: number): Result<number | undefined, SysError>;
  /** Makes it a member of a group, which it may be by now. EINVAL, ENODEV: as of {@link openMulticast}. */
  joinGroup(socket: OwnedFd, group: string, ifindex: number): Result<void, SysError>;
  /**
   * Takes it out of a group. To be done when the interface has gone: as the socket is closed, the kernel would take the
   * membership off whatever has the interface's number by then. EADDRNOTAVAIL: it is no member.
   */
  leaveGroup(socket: OwnedFd, group: string, ifindex: number): Result<void, SysError>;
  /** Another descriptor of the same socket. */
  duplicate(socket: OwnedFd): Result<OwnedFd, SysError>;
  /**
   * A pair of unix sockets. The first is blocking; the second is not, and can be sent no descriptors where the kernel
   * has that (since Linux 6.16).
   *
   * @param buffer bytes that each may have sent and the other not read, as far as the kernel lets us.
   */
  pair(type: 'seqpacket' | 'stream', buffer: number): Result<[OwnedFd, OwnedFd], SysError>;
  /**
   * A packet socket (SOCK_RAW) with every frame that comes by that interface, whomever it is for, and none that the host
   * sends; none of another interface was ever in its queue. EPERM without CAP_NET_RAW; ENODEV, ENETDOWN: the interface
   * is not there, or down.
   */
  openPacket(ifindex: number): Result<OwnedFd, SysError>;
  /**
   * The same, and a virtio_net_hdr of ten bytes goes before each frame, both ways; a VLAN tag that the kernel takes off a
   * frame comes beside it (PACKET_AUXDATA).
   *
   * @param buffer bytes of memory for frames that wait, each way, as far as the kernel lets us.
   */
  openPacketUplink(ifindex: number, buffer: number): Result<OwnedFd, SysError>;
  /**
   * For a socket that was made elsewhere.
   *
   * @param buffer bytes of memory for what waits, each way, as far as the kernel lets us.
   */
  enlarge(socket: OwnedFd, buffer: number): Result<void, SysError>;
  /**
   * Calls `tell` once, in a turn of its own, when the process has ended, also if it has by now.
   *
   * @param pidfd of the process; closed when `tell` is called or the answer is disposed, and when this fails.
   */
  whenEnded(pidfd: OwnedFd, tell: () => void): Result<Disposable, SysError>;
}
