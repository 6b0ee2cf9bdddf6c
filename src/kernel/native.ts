/** The only door to the addon (src/kernel/native/*.c). Every number returned is 0 or more, or -errno. */
import { createRequire } from 'node:module';
import type { AddressCalls, FrameCalls, PollerCalls, TrainCalls } from './native-frames.js';
import type { InetCalls } from './native-inet.js';
import type { LinkCalls } from './native-links.js';
import type { MacvtapCalls } from './native-macvtap.js';
import type { MulticastCalls } from './native-multicast.js';
import type { PacketCalls } from './native-packet.js';
import type { PipeCalls } from './native-pipe.js';
import type { RealtimeCalls } from './native-realtime.js';

/** sockets.h and peer.h. Descriptors returned belong to the caller and are close-on-exec. */
interface SocketCalls {
  close(fd: number): void;
  /** A new non-blocking SOCK_SEQPACKET socket, unbound. */
  openSeqpacket(): number;
  /** The same of SOCK_STREAM. */
  openStream(): number;
  bindPath(fd: number, path: string): number;
  listen(fd: number, backlog: number): number;
  connectPath(fd: number, path: string): number;
  adoptListener(fd: number): number;
  /** The path a unix socket is bound to; empty when it has none or an abstract one. */
  boundPath(fd: number): string | number;
  /** `credentials` gets pid, uid, gid of who connected. */
  accept(listener: number, credentials: Uint32Array): number;
  /**
   * One recvmsg(2) into `bytes`. Writes into `about`, which has 2 + 253 places: flags (1: something was cut off, 2: the
   * peer has hung up), how many descriptors came, then these.
   * @returns bytes written; 0 is the end.
   */
  receive(fd: number, bytes: Uint8Array, about: Int32Array): number;
  send(fd: number, bytes: Uint8Array, fds: Int32Array): number;
  /** The same, and closes `fds` when it was sent. */
  sendAway(fd: number, bytes: Uint8Array, fds: Int32Array): number;
  unsentBytes(fd: number): number;
  /** `ends` gets the two descriptors. */
  /** Nobody can send it descriptors any more; -ENOPROTOOPT before Linux 6.16. */
  refuseDescriptors(fd: number): number;
  /** Bytes that may be sent and not read; without CAP_NET_ADMIN net.core.wmem_max at most. */
  sendBuffer(fd: number, bytes: number): number;
  /** Bytes that may wait; without CAP_NET_ADMIN net.core.rmem_max at most. */
  receiveBuffer(fd: number, bytes: number): number;
  socketPair(type: 'stream' | 'seqpacket' | 'dgram', ends: Int32Array): number;
  /** `credentials` gets pid, uid, gid. */
  peerProcess(fd: number, credentials: Uint32Array): number;
  /** @returns how many groups there are; they are in `groups` only when all have room. */
  peerGroups(fd: number, groups: Uint32Array): number;
  peerPidfd(fd: number): number;
  /** The same without SO_PEERPIDFD. */
  peerPidfdByNumber(fd: number): number;
}

/** An epoll set in the addon. */
export type WatchHandle = { readonly watchHandle: unique symbol };

/** watch.h. Interest and events are bits: 1 read, 2 write, 4 hangup, 8 error. */
interface WatchCalls {
  /**
   * @param batch gets fd, generation, events for each event of a turn: as many at most as have room.
   * @param ready called with the number of events in `batch`.
   */
  watchOpen(batch: Int32Array, ready: (events: number) => void): WatchHandle | number;
  watchAdd(watch: WatchHandle, fd: number, generation: number, interest: number): number;
  watchChange(watch: WatchHandle, fd: number, generation: number, interest: number): number;
  watchRemove(watch: WatchHandle, fd: number): number;
  /** Whether the set keeps the event loop alive. */
  watchReference(watch: WatchHandle, keepsAlive: boolean): void;
  watchClose(watch: WatchHandle): void;
}

/** process.h and accounts.h. */
interface ProcessCalls {
  /** `EPERM` for 1; `E4242` where there is no name. */
  errnoName(errno: number): string;
  /** 1 when locked, 0 when another has it. */
  lockFile(fd: number): number;
  /** @param keep bit n is capability n, of the first 32. */
  limitCapabilities(keep: number): number;
  /** Sets O_NONBLOCK where it is a pipe or a socket. */
  neverWait(fd: number): number;
  /** Clears close-on-exec. */
  keepOnExec(fd: number): number;
  closeOnExec(fd: number): number;
  /**
   * @param environment entries of the form `NAME=value`.
   * @param openFiles the soft limit; 0: as it is.
   * @param ignored signals; bit n - 1 is signal n, as in `blocked`.
   */
  execInPlace(
    file: string,
    args: readonly string[],
    environment: readonly string[],
    openFiles: number,
    ignored: bigint,
    blocked: bigint,
  ): number;
  notify(socket: string, message: string): number;
  pidfdOpen(pid: number): number;
  /** -ENOENT when there is no such account; so too below. */
  userId(name: string): number;
  groupId(name: string): number;
  userName(uid: number): string | number;
  groupName(gid: number): string | number;
  /** The primary group first; it may stand among the rest again. */
  groupsOf(name: string): Uint32Array | number;
  membersByName(group: string): readonly string[] | number;
  membersById(gid: number): readonly string[] | number;
  /** uid and primary group of one after another. */
  everyUser(): Uint32Array | number;
}

/** Closes descriptors in child processes. */
export type CloserHandle = { readonly closerHandle: unique symbol };

/** closer.h. */
interface CloserCalls {
  closerOpen(): CloserHandle | number;
  closerStart(closer: CloserHandle): number;
  closerPush(closer: CloserHandle, fd: number): number;
  /** @param state gets waiting, begun, busy, running, stuck. */
  closerLook(closer: CloserHandle, state: Uint32Array): void;
  closerGiveUp(closer: CloserHandle): number;
  closerStop(closer: CloserHandle): void;
}

interface SomeCalls extends SocketCalls, WatchCalls, ProcessCalls, LinkCalls, MacvtapCalls, CloserCalls {}
interface MovingCalls extends FrameCalls, TrainCalls, PollerCalls, AddressCalls, PipeCalls {}
interface Addon extends SomeCalls, InetCalls, MulticastCalls, PacketCalls, MovingCalls, RealtimeCalls {}

export const native = createRequire(import.meta.url)('../../native/fdbroker.node') as Addon;
