/**
 * The way to the keeper: a connection to the one that runs, whoever started it, or to one that is started now. It listens
 * beside the control socket, as the switch does, and outlives the broker and the switch.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { err, type Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { isRunning } from '../kernel/process.js';
import { connectSeqpacket, peerProcess, receive, send } from '../kernel/seqpacket.js';
import { Watch } from '../kernel/watch.js';
import {
  decodeKeeperAnswer,
  encodeKeeperOrder,
  type KeeperAnswer,
  type KeeperOrder,
} from '../protocol/keeper-order.js';
import { complain } from './complain.js';
import { listenBeside } from './socket-folder.js';

/** Descriptors in one message at most. */
const mostFds = 8;
const program = fileURLToPath(new URL('../../native/fdbroker-keeper', import.meta.url));

export interface KeeperHandlers {
  /** The descriptors belong to whoever is told. */
  answer(answer: KeeperAnswer, fds: readonly OwnedFd[]): void;
  /** The keeper has gone, or is not understood. */
  lost(): void;
}

export class KeeperLink implements Disposable {
  #watch: Watch | undefined;
  #connection: OwnedFd | undefined;
  /** Whether its socket is a broker's, and not a service manager's that listens on. */
  #ours = false;

  /** @param path of the keeper's socket. Anybody may be there: only root and our own user are spoken to. */
  constructor(
    private readonly path: string,
    private readonly handlers: KeeperHandlers,
  ) {}

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** @returns whether a keeper runs, to which it is connected from now on. */
  find(): boolean {
    if (this.connected) return true;
    const connected = connectSeqpacket(this.path);
    if (connected.isErr()) return false;
    const peer = peerProcess(connected.value.fd);
    if (peer.isOk() && (peer.value.uid === 0 || peer.value.uid === process.geteuid?.())) {
      // The process that began to listen: a broker that did is this one, or is no more
      this.#ours ||= !isRunning(peer.value.pid);
      return this.#use(connected.value).isOk();
    }
    connected.value.close();
    return false;
  }

  /** Starts a keeper, of its own session. What it is told before it is up waits for it. */
  start(): Result<void, SysError> {
    const listening = listenBeside(this.path);
    if (listening.isErr()) return err(listening.error);
    using listener = listening.value;
    const stdio = ['ignore', 'ignore', 'ignore', listener.fd] as const;
    const child = spawn(program, [], { stdio: [...stdio], env: { LISTEN_FDS: '1' }, detached: true, cwd: '/' });
    // Then nobody listens any more, and the connection ends: it is told as lost
    child.on('error', (error) => complain(`the keeper cannot be started: ${error.message}`));
    child.unref();
    this.#ours = true;
    return connectSeqpacket(this.path).andThen((connection) => this.#use(connection));
  }

  /** @param fds stay the caller's. */
  send(order: KeeperOrder, fds: readonly OwnedFd[]): Result<void, SysError> {
    if (this.#connection === undefined) return err({ tag: 'sys', call: 'sendmsg', code: 'ENOTCONN', errno: 107 });
    const numbers = fds.map((fd) => fd.fd);
    return send(this.#connection.fd, encodeKeeperOrder(order), numbers);
  }

  /** One answer that waits, for callers who cannot be told later; undefined: there is none, or no keeper any more. */
  read(): { readonly answer: KeeperAnswer; readonly fds: readonly OwnedFd[] } | undefined {
    if (this.#connection === undefined) return undefined;
    const received = receive(this.#connection.fd, mostFds);
    if (received.isOk() && received.value.tag === 'nothing') return undefined;
    const message = received.isOk() && received.value.tag === 'message' ? received.value : undefined;
    const answer = message === undefined ? undefined : decodeKeeperAnswer(message.bytes);
    if (message !== undefined && answer !== undefined) return { answer, fds: message.fds };
    for (const fd of message?.fds ?? []) fd.close();
    this.leave();
    this.handlers.lost();
    return undefined;
  }

  /** It stays, if it keeps something. */
  leave(): void {
    if (this.#connection === undefined) return;
    this.#watch?.remove(this.#connection.fd);
    this.#connection.close();
    this.#connection = undefined;
  }

  /** Nobody will want it again; a socket that was there before stays. */
  removeSocket(): void {
    if (this.#ours) rmSync(this.path, { force: true });
  }

  [Symbol.dispose](): void {
    this.leave();
    this.#watch?.close();
  }

  #use(connection: OwnedFd): Result<void, SysError> {
    if (this.#watch === undefined) {
      this.#watch = new Watch();
      this.#watch.unref();
    }
    return this.#watch
      .add(connection.fd, { read: true }, () => {
        const next = this.read();
        if (next !== undefined) this.handlers.answer(next.answer, next.fds);
      })
      .map(() => {
        this.#connection = connection;
      })
      .mapErr((error) => {
        connection.close();
        return error;
      });
  }
}
