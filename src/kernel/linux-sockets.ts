/**
 * The sockets of the kernel that runs us: sockets.ts by udp(7), tcp(7), packet(7) and pidfd_open(2). Every promise is
 * documented there.
 */
import { constants } from 'node:os';
import { err, ok, type Result } from 'neverthrow';
import type { Endpoint } from '../core/config.js';
import type { SysError } from '../core/sys-error.js';
import { ownFd } from './close.js';
import { check, sysError } from './errno.js';
import { native } from './native.js';
import type { OwnedFd } from './owned-fd.js';
import { socketPair } from './seqpacket.js';
import type { Datagrams, Membership, Sockets } from './sockets.js';
import { Watch } from './watch.js';

const { EADDRINUSE, EINPROGRESS, ETIMEDOUT } = constants.errno;

/** There is no route to an address, or none that may be used. */
const noWay: ReadonlySet<string> = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EINVAL', 'EACCES']);

export class LinuxSockets implements Sockets, Disposable {
  readonly #watch = new Watch();

  /** Throws when the process has no descriptor left. Only a connection under way keeps the program alive. */
  constructor() {
    this.#watch.unref();
  }

  /** Nobody is told of anything any more, and connections under way never come about. */
  [Symbol.dispose](): void {
    this.#watch.close();
  }

  openUdp(local: Endpoint, remote: Endpoint): Result<OwnedFd, SysError> {
    return openSocket(local, false, (fd) =>
      check('bind', native.inetBind(fd, local.address, local.port))
        .andThen(() => check('connect', native.inetConnect(fd, remote.address, remote.port)))
        .andThen(() => check('fcntl (F_SETFL)', native.makeBlocking(fd))),
    );
  }

  listenTcp(at: Endpoint): Result<OwnedFd, SysError> {
    return openSocket(at, true, (fd) =>
      check('bind', native.inetBind(fd, at.address, at.port))
        .andThen(() => check('listen', native.listen(fd, 1)))
        .andThen(() => check('fcntl (F_SETFL)', native.makeBlocking(fd))),
    );
  }

  async connectTcp(to: Endpoint, milliseconds: number): Promise<Result<OwnedFd, SysError>> {
    const opened = openSocket(to, true, () => ok(0));
    if (opened.isErr()) return err(opened.error);
    const socket = opened.value;
    const begun = native.inetConnect(socket.fd, to.address, to.port);
    const tried = begun === -EINPROGRESS ? await this.#tried(socket.fd, milliseconds) : check('connect', begun);
    const connected = tried.andThen(() => check('fcntl (F_SETFL)', native.makeBlocking(socket.fd)));
    if (connected.isOk()) return ok(socket);
    socket.close();
    return err(connected.error);
  }

  openMulticast({ group, ifindex, ttl, loop }: Membership): Result<OwnedFd, SysError> {
    return openSocket(group, false, (fd) =>
      check('SO_BINDTOIFINDEX', native.multicastConfine(fd, ifindex, true))
        .andThen(() => check('bind', native.inetBind(fd, group.address, group.port)))
        .andThen(() => check('IP_MULTICAST_IF', native.multicastSendBy(fd, ifindex, ttl, loop)))
        .andThen(() => check('MCAST_JOIN_GROUP', native.multicastJoin(fd, group.address, ifindex)))
        .andThen(() => check('fcntl (F_SETFL)', native.makeBlocking(fd))),
    );
  }

  openMulticastSender({ group, ifindex, ttl, loop }: Membership): Result<OwnedFd, SysError> {
    return openSocket(group, false, (fd) =>
      check('IP_MULTICAST_IF', native.multicastSendBy(fd, ifindex, ttl, loop)).andThen(() =>
        check('connect', native.inetConnect(fd, group.address, group.port)),
      ),
    );
  }

  openDatagrams({ six, port, ifindex, ttl, fragment }: Datagrams, buffer: number): Result<OwnedFd, SysError> {
    const any = six ? '::' : '0.0.0.0';
    return openSocket({ address: any, port }, false, (fd) =>
      check('SO_BINDTOIFINDEX', native.multicastConfine(fd, ifindex, false))
        .andThen(() => check('SO_RCVBUF', native.receiveBuffer(fd, buffer)))
        .andThen(() => check('SO_SNDBUF', native.sendBuffer(fd, buffer)))
        .andThen(() => check('IP_MTU_DISCOVER', native.inetFragment(fd, fragment)))
        .andThen(() => check('IP_MULTICAST_IF', native.multicastSendBy(fd, ifindex, ttl, false)))
        .andThen(() => check('bind', native.inetBind(fd, any, port))),
    );
  }

  pathMtu(address: string, ifindex: number): Result<number | undefined, SysError> {
    // To the port of nobody: nothing is sent
    const to = { address, port: 9 };
    const opened = openSocket(to, false, (fd) =>
      check('SO_BINDTOIFINDEX', native.multicastConfine(fd, ifindex, false)).andThen(() =>
        check('connect', native.inetConnect(fd, to.address, to.port)),
      ),
    );
    if (opened.isErr()) return noWay.has(opened.error.code) ? ok(undefined) : err(opened.error);
    using socket = opened.value;
    return check('IP_MTU', native.inetPathMtu(socket.fd));
  }

  joinGroup(socket: OwnedFd, group: string, ifindex: number): Result<void, SysError> {
    const joined = native.multicastJoin(socket.fd, group, ifindex);
    return check('MCAST_JOIN_GROUP', joined === -EADDRINUSE ? 0 : joined).map(() => undefined);
  }

  leaveGroup(socket: OwnedFd, group: string, ifindex: number): Result<void, SysError> {
    return check('MCAST_LEAVE_GROUP', native.multicastLeave(socket.fd, group, ifindex)).map(() => undefined);
  }

  duplicate(socket: OwnedFd): Result<OwnedFd, SysError> {
    return check('fcntl (F_DUPFD_CLOEXEC)', native.inetDuplicate(socket.fd)).map(ownFd);
  }

  pair(type: 'seqpacket' | 'stream', buffer: number): Result<[OwnedFd, OwnedFd], SysError> {
    return socketPair(type).andThen(([one, other]) =>
      check('SO_SNDBUF', native.sendBuffer(one.fd, buffer))
        .andThen(() => check('SO_SNDBUF', native.sendBuffer(other.fd, buffer)))
        .andThen(() => check('fcntl (F_SETFL)', native.makeBlocking(one.fd)))
        .andThen(() => check('SO_PASSRIGHTS', native.refuseDescriptors(other.fd)).orElse(unlessUnknown))
        .map((): [OwnedFd, OwnedFd] => [one, other])
        .mapErr((error) => {
          one.close();
          other.close();
          return error;
        }),
    );
  }

  openPacket(ifindex: number): Result<OwnedFd, SysError> {
    return prepared(native.packetOpen(), (fd) => bindPacket(fd, ifindex));
  }

  openPacketUplink(ifindex: number, buffer: number): Result<OwnedFd, SysError> {
    return prepared(native.packetOpen(), (fd) =>
      check('PACKET_AUXDATA', native.packetAuxdata(fd))
        .andThen(() => check('PACKET_VNET_HDR', native.packetVnetHeader(fd)))
        .andThen(() => enlarge(fd, buffer))
        .andThen(() => bindPacket(fd, ifindex)),
    );
  }

  enlarge({ fd }: OwnedFd, buffer: number): Result<void, SysError> {
    return enlarge(fd, buffer).map(() => undefined);
  }

  whenEnded(pidfd: OwnedFd, tell: () => void): Result<Disposable, SysError> {
    const stop = () => {
      if (!pidfd.open) return;
      this.#watch.remove(pidfd.fd);
      pidfd.close();
    };
    const watched = this.#watch.add(pidfd.fd, { read: true }, () => {
      stop();
      tell();
    });
    if (watched.isOk()) return ok({ [Symbol.dispose]: stop });
    pidfd.close();
    return err(watched.error);
  }

  /** Waits for the end of a connect(2) under way, and tells how it ended. */
  #tried(fd: number, milliseconds: number): Promise<Result<number, SysError>> {
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        this.#watch.remove(fd);
        resolve(err(sysError('connect', -ETIMEDOUT)));
      }, milliseconds);
      const watched = this.#watch.add(fd, { write: true }, () => {
        clearTimeout(late);
        this.#watch.remove(fd);
        resolve(pendingError('connect', fd));
      });
      if (watched.isOk()) return;
      clearTimeout(late);
      resolve(err(watched.error));
    });
  }
}

function unlessUnknown(error: SysError): Result<number, SysError> {
  return error.code === 'ENOPROTOOPT' ? ok(0) : err(error);
}

function enlarge(fd: number, buffer: number): Result<number, SysError> {
  return check('SO_RCVBUF', native.receiveBuffer(fd, buffer)).andThen(() =>
    check('SO_SNDBUF', native.sendBuffer(fd, buffer)),
  );
}

function bindPacket(fd: number, ifindex: number): Result<number, SysError> {
  return (
    check('PACKET_IGNORE_OUTGOING', native.packetIgnoreOutgoing(fd))
      .andThen(() => check('PACKET_ADD_MEMBERSHIP', native.packetPromiscuous(fd, ifindex)))
      .andThen(() => check('bind', native.packetBind(fd, ifindex)))
      // An interface that is down is bound to all the same
      .andThen(() => pendingError('bind', fd))
  );
}

/** How the call before ended that this socket made. */
function pendingError(call: string, fd: number): Result<number, SysError> {
  return check('SO_ERROR', native.socketError(fd)).andThen((error) =>
    error === 0 ? ok(0) : err(sysError(call, -error)),
  );
}

/** A socket of UDP or TCP for that address's family. */
function openSocket({ address }: Endpoint, stream: boolean, prepare: Prepare): Result<OwnedFd, SysError> {
  return prepared(native.inetOpen(address, stream), prepare);
}

/** What else a socket needs. */
type Prepare = (fd: number) => Result<number, SysError>;

/**
 * @param opened a new socket, or -errno.
 * @param prepare when that fails the socket is closed.
 */
function prepared(opened: number, prepare: Prepare): Result<OwnedFd, SysError> {
  return check('socket', opened)
    .map(ownFd)
    .andThen((socket) =>
      prepare(socket.fd)
        .map(() => socket)
        .mapErr((error) => {
          socket.close();
          return error;
        }),
    );
}
