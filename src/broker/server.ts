/**
 * The control socket: accepts, bounds, receives and answers. Its clients are hostile.
 *
 * One request is served per turn of the event loop, the users in turn, so nobody waits for more than one request of
 * each other user. A connection is not watched for reading once its message is there: nothing a client sends after it
 * costs anything.
 */
import { constants } from 'node:os';
import { err, type Result } from 'neverthrow';
import { withNamedGroups } from '../acl/match.js';
import type { SysError } from '../core/sys-error.js';
import { pendingCloses } from '../kernel/close.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { type Accepted, peerGroups, receive, send, sendAway, unsentBytes } from '../kernel/seqpacket.js';
import type { Watch } from '../kernel/watch.js';
import { encodeReply } from '../protocol/reply.js';
import { Acceptor } from './acceptor.js';
import { type Answered, answer } from './answer.js';
import type { Broker } from './broker.js';
import { complain } from './complain.js';
import { type Connection, Connections } from './connections.js';
import type { Endings } from './endings.js';
import { FairQueue } from './fair-queue.js';
import type { Send } from './session.js';

/** SCM_MAX_FD: descriptors in one message (unix(7)). */
export const mostFds = 253;
/** Descriptors of one user that wait to be closed: a crowd of taps takes a while, and so many only one who blocks us. */
const mostPending = 1024;
/** Milliseconds between two looks at deadlines, while there is anything to look at. */
const sweepInterval = 250;

/** What sending to a connection gives that this server has closed. */
const hangup: SysError = { tag: 'sys', call: 'sendmsg', code: 'EPIPE', errno: constants.errno.EPIPE };

export interface Room {
  /** Connections at once. */
  readonly connections: number;
  /** Descriptors of clients that wait to be closed. */
  readonly closing: number;
}

export class Server implements Disposable {
  readonly #broker: Broker;
  readonly #watch: Watch;
  readonly #acceptor: Acceptor;
  readonly #connections: Connections;
  readonly #closing: number;
  readonly #queue = new FairQueue<Connection>();
  readonly #endings: Endings;
  #turn: NodeJS.Immediate | undefined;
  #sweep: NodeJS.Timeout | undefined;

  /**
   * @param listener a listening SOCK_SEQPACKET socket; the server owns it.
   * @param room how many descriptors may be used for what.
   * @param endings ends a grant whose descriptor nobody has taken.
   */
  constructor(broker: Broker, endings: Endings, watch: Watch, listener: OwnedFd, room: Room) {
    this.#broker = broker;
    this.#watch = watch;
    this.#acceptor = new Acceptor(watch, listener, {
      hasRoom: () => this.#connections.size < this.#connections.limit || this.#evict(),
      evict: () => this.#evict(),
      admit: (accepted) => this.#admit(accepted),
    });
    this.#connections = new Connections(room.connections);
    this.#closing = room.closing;
    this.#endings = endings;
  }

  listen(): Result<void, SysError> {
    return this.#acceptor.listen();
  }

  [Symbol.dispose](): void {
    clearImmediate(this.#turn);
    clearInterval(this.#sweep);
    this.#acceptor[Symbol.dispose]();
    for (const connection of this.#connections.all()) this.#close(connection);
  }

  #admit({ fd, peer }: Accepted): void {
    const account = this.#broker.accountOf(peer.uid);
    const most = Math.min(this.#broker.config.broker.maxConnections, this.#connections.share);
    if (this.#connections.countOf(account) >= most || pendingCloses(account) >= mostPending) {
      this.#broker.count('busy');
      const message = `uid ${account} has ${most} connections to the broker, or left it too much to close; let some end, and try again`;
      void send(fd.fd, encodeReply({ status: 'busy', message }), []).isOk();
      return fd.close();
    }
    const connection = this.#connections.add(fd, peer, account);
    this.#broker.connections = this.#connections.size;
    this.#sweep ??= setInterval(() => this.#lookAtDeadlines(), sweepInterval);
    // Its message is there already, mostly: it is watched when it is not
    this.#enqueue(connection);
  }

  /** Waits for the message of a connection, or for its end. */
  #follow(connection: Connection): void {
    const watched = this.#watch.add(connection.fd.fd, { read: connection.state === 'waiting' }, (events) => {
      if (connection.state === 'waiting' && events.readable) {
        this.#watch.remove(connection.fd.fd);
        this.#connections.serve(connection);
        this.#enqueue(connection);
      } else if (events.hangup || events.error) this.#hungUp(connection);
    });
    if (watched.isErr()) this.#close(connection);
  }

  /**
   * A client can hang up by shutdown(2) and keep what it was sent unread: then the kernel goes on counting that against
   * the broker, and the connection goes on counting against its user, until the sweep sees that it is gone.
   */
  #hungUp(connection: Connection): void {
    if (connection.state !== 'draining' || unsentBytes(connection.fd.fd).unwrapOr(0) === 0) this.#close(connection);
    // Else a hangup would be told in every turn
    else this.#watch.remove(connection.fd.fd);
  }

  #enqueue(connection: Connection): void {
    this.#queue.push(connection.account, connection);
    this.#turn ??= setImmediate(() => this.#serveOne());
  }

  #serveOne(): void {
    this.#turn = undefined;
    const connection = this.#queue.shift();
    if (connection === undefined) return;
    if (this.#queue.size > 0) this.#turn = setImmediate(() => this.#serveOne());
    const before = performance.now();
    try {
      this.#serve(connection);
    } catch (error) {
      this.#giveUp(connection, error);
    }
    this.#broker.longestTurn = Math.max(this.#broker.longestTurn, performance.now() - before);
  }

  #serve(connection: Connection): void {
    if (this.#isFull()) {
      return this.#sayBusy(
        connection,
        'the broker has too many descriptors of clients to close; try again in a moment',
      );
    }
    if (this.#connections.isUnread(connection.account)) {
      return this.#sayBusy(
        connection,
        'too many descriptors wait to be read; read the answers that wait, and try again',
      );
    }
    const received = receive(connection.fd.fd, 1, connection.caller.uid);
    if (received.isErr() || received.value.tag === 'end') return this.#close(connection);
    if (received.value.tag === 'nothing') {
      this.#connections.wait(connection, performance.now());
      return this.#follow(connection);
    }
    const message = received.value;
    using carried = message.fds[0];
    const groups = peerGroups(connection.fd.fd);
    if (groups.isErr() || message.hungUp) return this.#close(connection);
    const caller = withNamedGroups(this.#broker.policy, { ...connection.caller, groups: groups.value });
    this.#broker.count('requests');
    if (message.surplus > 0) this.#broker.count('surplusFds', message.surplus);
    const reply: Send = (to, away) => {
      connection.sent = away.length;
      return connection.fd.open ? sendAway(connection.fd.fd, encodeReply(to), away) : err(hangup);
    };
    const answered = answer(this.#broker, caller, message, carried, reply, this.#endings, connection.fd);
    if (answered instanceof Promise) {
      // It counts for its user until then, also when the client has gone: so few at most can be under way
      const finish = (later: Answered) => this.#finish(connection, later);
      void answered.then(finish).catch((error) => this.#giveUp(connection, error));
    } else this.#finish(connection, answered);
  }

  #finish(connection: Connection, answered: Answered): void {
    if (answered === undefined || answered === 0) return this.#close(connection);
    this.#connections.drain(connection, answered === 1 ? undefined : answered, performance.now());
    this.#follow(connection);
  }

  /** A bug of ours that one request found: what it held is closed, and the others are served on. */
  #giveUp(connection: Connection, error: unknown): void {
    complain(`a bug: ${(error as Error)?.stack ?? error}`);
    this.#broker.count('bugs');
    this.#close(connection);
  }

  /**
   * Whether a message could bring more descriptors than there are numbers for: the kernel would close the rest in our
   * own thread, which they can block. With a limit of open files that leaves no such room, that is the risk taken.
   */
  #isFull(): boolean {
    return this.#closing >= mostFds && pendingCloses() + this.#broker.holders.size + mostFds > this.#closing;
  }

  #sayBusy(connection: Connection, message: string): void {
    this.#broker.count('busy');
    void send(connection.fd.fd, encodeReply({ status: 'busy', message }), []).isOk();
    this.#close(connection);
  }

  /** Makes room by ending the connection that has said nothing for longest. */
  #evict(): boolean {
    const oldest = this.#connections.oldestWaiting();
    if (oldest === undefined) return false;
    this.#broker.count('evicted');
    this.#close(oldest);
    return true;
  }

  #lookAtDeadlines(): void {
    if (this.#connections.size === 0) {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
    }
    const now = performance.now();
    for (const connection of this.#connections.silent(now)) {
      this.#broker.count('silent');
      this.#close(connection);
    }
    for (const connection of [...this.#connections.draining()]) {
      if (unsentBytes(connection.fd.fd).unwrapOr(1) === 0) this.#close(connection);
      else if (connection.deadline <= now && connection.grant !== undefined) {
        this.#broker.count('withdrawn');
        void this.#endings.end(connection.grant, 'the client did not read its descriptor');
        delete connection.grant;
      }
    }
  }

  #close(connection: Connection): void {
    if (!connection.fd.open) return;
    this.#queue.delete(connection.account, connection);
    this.#watch.remove(connection.fd.fd);
    this.#connections.remove(connection);
    connection.fd.close();
    this.#broker.connections = this.#connections.size;
    this.#acceptor.resume();
  }
}
