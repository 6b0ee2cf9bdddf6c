/** The sockets of a fake kernel: each step is a call that can be made to fail, and a connect waits for the test's word. */
import { err, type Result } from 'neverthrow';
import type { SysError } from '../../src/core/sys-error.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import type { Sockets } from '../../src/kernel/sockets.js';

export class FakeSockets implements Sockets {
  /** Set: connects wait until it resolves. */
  connecting: Promise<void> | undefined;
  /** What is told when the process behind each pidfd ends. */
  readonly followed = new Map<OwnedFd, () => void>();
  /** What fits the way to an address. */
  readonly paths = new Map<string, number>();
  readonly #call: (name: string) => Result<void, SysError>;
  readonly #open: () => OwnedFd;

  /** @param call notes one, and says whether it fails. */
  constructor(call: (name: string) => Result<void, SysError>, open: () => OwnedFd) {
    this.#call = call;
    this.#open = open;
  }

  openUdp(): Result<OwnedFd, SysError> {
    return this.#steps('bind', 'connect');
  }

  listenTcp(): Result<OwnedFd, SysError> {
    return this.#steps('bind', 'listen');
  }

  async connectTcp(): Promise<Result<OwnedFd, SysError>> {
    await this.connecting;
    return this.#steps('connect');
  }

  openMulticast(): Result<OwnedFd, SysError> {
    return this.#steps('SO_BINDTOIFINDEX', 'bind', 'IP_MULTICAST_IF', 'MCAST_JOIN_GROUP');
  }

  openMulticastSender(): Result<OwnedFd, SysError> {
    return this.#steps('IP_MULTICAST_IF', 'connect');
  }

  openDatagrams(): Result<OwnedFd, SysError> {
    return this.#steps('SO_BINDTOIFINDEX', 'SO_RCVBUF', 'SO_SNDBUF', 'IP_MTU_DISCOVER', 'IP_MULTICAST_IF', 'bind');
  }

  pathMtu(address: string): Result<number | undefined, SysError> {
    return this.#call('IP_MTU').map(() => this.paths.get(address));
  }

  joinGroup(): Result<void, SysError> {
    return this.#call('MCAST_JOIN_GROUP');
  }

  leaveGroup(): Result<void, SysError> {
    return this.#call('MCAST_LEAVE_GROUP');
  }

  duplicate(): Result<OwnedFd, SysError> {
    return this.#call('fcntl (F_DUPFD_CLOEXEC)').map(() => this.#open());
  }

  pair(): Result<[OwnedFd, OwnedFd], SysError> {
    return this.#call('socketpair').map(() => [this.#open(), this.#open()]);
  }

  openPacket(): Result<OwnedFd, SysError> {
    return this.#steps('PACKET_IGNORE_OUTGOING', 'PACKET_ADD_MEMBERSHIP', 'bind');
  }

  openPacketUplink(): Result<OwnedFd, SysError> {
    return this.#steps('PACKET_AUXDATA', 'PACKET_VNET_HDR', 'PACKET_IGNORE_OUTGOING', 'PACKET_ADD_MEMBERSHIP', 'bind');
  }

  enlarge(): Result<void, SysError> {
    return this.#call('SO_RCVBUF');
  }

  whenEnded(pidfd: OwnedFd, tell: () => void): Result<Disposable, SysError> {
    const stop = () => {
      this.followed.delete(pidfd);
      pidfd.close();
    };
    const called = this.#call('epoll_ctl');
    if (called.isErr()) {
      pidfd.close();
      return err(called.error);
    }
    this.followed.set(pidfd, () => {
      stop();
      tell();
    });
    return called.map(() => ({ [Symbol.dispose]: stop }));
  }

  #steps(...names: readonly string[]): Result<OwnedFd, SysError> {
    const first = this.#call('socket');
    return names.reduce((done, name) => done.andThen(() => this.#call(name)), first).map(() => this.#open());
  }
}
