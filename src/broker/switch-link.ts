/**
 * The way to the switch: a connection to the one that runs, whoever started it, or to one that is started now. The switch
 * listens beside the control socket; it outlives the broker, and a broker that starts again finds it there.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { err, ok, type Result } from 'neverthrow';
import { describeSysError, type SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { sendUntil } from '../kernel/patient-send.js';
import { isRunning } from '../kernel/process.js';
import { connectSeqpacket, peerProcess, receive, send } from '../kernel/seqpacket.js';
import { Watch } from '../kernel/watch.js';
import { decodeEvent, encodeOrder, type Order, type SwitchEvent } from '../protocol/switch-order.js';
import { complain } from './complain.js';
import { listenBeside } from './socket-folder.js';
import { type Found, mostFds, SwitchList } from './switch-list.js';

export type { Found } from './switch-list.js';

const program = fileURLToPath(new URL('../bin/fdbroker-switchd.js', import.meta.url));

/**
 * Milliseconds that a switch which is asked for its ports has for the answer: one that has just been started, by a broker
 * that was killed then or by a service manager, takes a second or two to come up.
 */
const standardPatience = 15_000;

export interface LinkHandlers {
  event(event: SwitchEvent): void;
  /** A switch that was just coming up when it was found is there: with these ports, whose descriptors are the handler's. */
  found(ports: Found[]): void;
  /** The switch has gone, or does not speak to us any more. */
  lost(): void;
}

export class SwitchLink implements Disposable {
  #watch: Watch | undefined;
  #connection: OwnedFd | undefined;
  #handlers: LinkHandlers | undefined;
  /** One that has not told all of its ports as yet. */
  #coming: { readonly connection: OwnedFd; readonly list: SwitchList; readonly timer: NodeJS.Timeout } | undefined;
  /** It did not answer in time, so that there is to be another. */
  #deaf = false;
  /** Whether its socket is a broker's, and not a service manager's that listens on. */
  #ours = false;

  /** @param path of the switch's socket. Anybody may be there: only root and our own user are spoken to. */
  constructor(
    private readonly path: string,
    private readonly patience = standardPatience,
  ) {}

  handle(handlers: LinkHandlers): void {
    this.#handlers = handlers;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** Whether there is a switch, or none, of which the handlers will hear. */
  get coming(): boolean {
    return this.#coming !== undefined;
  }

  /**
   * Connects to a switch that runs, and asks for its ports.
   *
   * @param wait milliseconds for the answer, in which nobody is served.
   * @returns the ports, whose descriptors are the caller's; coming: the handlers are told of them, or that it is lost;
   * undefined: there is no switch, or it does not answer.
   */
  find(wait: number): Found[] | 'coming' | undefined {
    if (this.coming) return 'coming';
    if (this.#deaf) {
      this.#deaf = false;
      return undefined;
    }
    const connected = connectSeqpacket(this.path);
    if (connected.isErr()) return undefined;
    const connection = connected.value;
    const peer = peerProcess(connection.fd);
    const known = peer.isOk() && (peer.value.uid === 0 || peer.value.uid === process.geteuid?.());
    const asked = known && send(connection.fd, encodeOrder({ order: 'list' }), []).isOk();
    const list = new SwitchList(connection.fd);
    const state = asked ? list.readFor(wait) : 'gone';
    // The process that began to listen: a broker that did is this one, or is no more
    if (peer.isOk()) this.#ours ||= !isRunning(peer.value.pid);
    if (state === 'complete' && this.#use(connection).isOk()) return list.take();
    if (state === 'more' && this.#await(connection, list)) return 'coming';
    list[Symbol.dispose]();
    connection.close();
    return undefined;
  }

  #await(connection: OwnedFd, list: SwitchList): boolean {
    this.#watch ??= unreferenced();
    const watched = this.#watch.add(connection.fd, { read: true }, () => {
      const state = list.read();
      if (state !== 'more') this.#decide(state === 'complete');
    });
    if (watched.isErr()) return false;
    const timer = setTimeout(() => this.#decide(false), this.patience).unref();
    this.#coming = { connection, list, timer };
    return true;
  }

  /** Whether the one that was just coming up is there. */
  #decide(there: boolean): void {
    if (this.#coming === undefined) return;
    const { connection, list } = this.#coming;
    this.#leaveComing();
    if (there && this.#use(connection).isOk()) {
      this.#handlers?.found(list.take());
      return;
    }
    this.#deaf = true;
    list[Symbol.dispose]();
    connection.close();
    this.#handlers?.lost();
  }

  #leaveComing(): void {
    if (this.#coming === undefined) return;
    clearTimeout(this.#coming.timer);
    this.#watch?.remove(this.#coming.connection.fd);
    this.#coming = undefined;
  }

  /**
   * Starts a switch, which has no privilege and is of its own session, and connects to it. What is ordered before it is up
   * waits for it.
   */
  start(): Result<void, SysError> {
    const listening = listenBeside(this.path);
    if (listening.isErr()) return err(listening.error);
    using listener = listening.value;
    this.#ours = true;
    const env = { PATH: process.env['PATH'] ?? '', LISTEN_FDS: '1' };
    const stdio = ['ignore', 'ignore', 'ignore', listener.fd] as const;
    const child = spawn(process.execPath, [program], { stdio: [...stdio], env, detached: true, cwd: '/' });
    child.on('error', (error) => complain(`the switch cannot be started: ${error.message}`));
    child.on('exit', (status, signal) => {
      if (status !== 0) complain(`the switch has ended: ${signal ?? `status ${status}`}`);
    });
    child.unref();
    return connectSeqpacket(this.path).andThen((connection) => this.#use(connection));
  }

  /** @param until when the switch must have taken what was ordered before (performance.now()); nobody is served meanwhile. */
  send(order: Order, fds: readonly OwnedFd[], until = 0): Result<void, SysError> {
    if (this.#connection === undefined) return err({ tag: 'sys', call: 'sendmsg', code: 'ENOTCONN', errno: 107 });
    const numbers = fds.map((fd) => fd.fd);
    return sendUntil(until, this.#connection.fd, encodeOrder(order), numbers);
  }

  /** The switch stays, if it has ports. @param last whether it has none: then nobody will want its socket again. */
  leave(last: boolean): void {
    this.#disconnect();
    if (last && this.#ours) rmSync(this.path, { force: true });
  }

  [Symbol.dispose](): void {
    this.#disconnect();
    if (this.#coming !== undefined) {
      const { connection, list } = this.#coming;
      this.#leaveComing();
      list[Symbol.dispose]();
      connection.close();
    }
    this.#watch?.close();
  }

  #use(connection: OwnedFd): Result<void, SysError> {
    this.#watch ??= unreferenced();
    const watched = this.#watch.add(connection.fd, { read: true }, () => this.#take(connection));
    if (watched.isErr()) {
      connection.close();
      return err(watched.error);
    }
    this.#connection = connection;
    return ok();
  }

  #take(connection: OwnedFd): void {
    const received = receive(connection.fd, mostFds);
    if (received.isErr() || received.value.tag === 'end') return this.#lose();
    if (received.value.tag === 'nothing') return;
    const { bytes, fds } = received.value;
    for (const fd of fds) fd.close();
    const event = decodeEvent(bytes);
    if (event.isOk()) {
      this.#handlers?.event(event.value);
      return;
    }
    complain(`the switch is not understood: ${event.error.what}`);
  }

  #lose(): void {
    this.#disconnect();
    this.#handlers?.lost();
  }

  #disconnect(): void {
    if (this.#connection === undefined) return;
    this.#watch?.remove(this.#connection.fd);
    this.#connection.close();
    this.#connection = undefined;
  }
}

/** It does not keep the program alive. */
function unreferenced(): Watch {
  const watch = new Watch();
  watch.unref();
  return watch;
}

/** For messages. */
export function describeLinkError(error: SysError): string {
  const remedy = error.code === 'EAGAIN' ? '; it has much to do: try again' : '';
  return `the switch cannot be told: ${describeSysError(error)}${remedy}`;
}
