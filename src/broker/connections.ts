/**
 * The connections in force, and the bounds on them: per user, in all, and in time.
 *
 * A connection is `served` while it is queued or answered, `waiting` when it was looked at and its request had not come,
 * and `draining` while a descriptor sent to it has not been read. The last counts against its user for as long as it takes, because an
 * unread descriptor counts against the broker in the kernel (unix(7), ETOOMANYREFS) whatever the broker closes.
 */
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { PeerProcess } from '../kernel/peer.js';
import type { Entry } from './ledger.js';

export interface Connection {
  readonly fd: OwnedFd;
  /** Without the groups, of which there can be 65,536: they are read with the request. */
  readonly caller: PeerProcess;
  /** The uid that it counts for, as the policy had it when it was accepted. */
  readonly account: number;
  state: 'waiting' | 'served' | 'draining';
  /** Milliseconds of performance.now() at which patience ends. */
  deadline: number;
  /** Whose descriptors were sent to it and have not been read. */
  grant?: Entry;
  /** Descriptors in the message that was sent to it. */
  sent?: number;
}

/** Milliseconds until the first message must have come. */
const requestPatience = 5000;
/** Milliseconds until a descriptor must have been read. */
const replyPatience = 10_000;

export class Connections {
  /** Each in the order of its deadlines. */
  readonly #waiting = new Set<Connection>();
  readonly #draining = new Set<Connection>();
  readonly #perAccount = new Map<number, number>();
  /** Descriptors that were sent and have not been read. */
  readonly #unread = new Map<number, number>();
  #allUnread = 0;
  readonly #all = new Set<Connection>();

  /** @param limit of all connections together, and of unread descriptors, from the limit of open files. */
  constructor(readonly limit: number) {}

  /** What one account may have of either. */
  get share(): number {
    return Math.ceil(this.limit / 4);
  }

  /**
   * Whether nothing more may be sent to this account: too many descriptors wait to be read by it, or by all. A message
   * can carry many, and together they count against the broker's own limit.
   */
  isUnread(account: number): boolean {
    return (this.#unread.get(account) ?? 0) >= this.share || this.#allUnread >= this.limit;
  }

  get size(): number {
    return this.#all.size;
  }

  countOf(account: number): number {
    return this.#perAccount.get(account) ?? 0;
  }

  add(fd: OwnedFd, caller: PeerProcess, account: number): Connection {
    const connection: Connection = { fd, caller, account, state: 'served', deadline: Number.POSITIVE_INFINITY };
    this.#all.add(connection);
    this.#perAccount.set(account, this.countOf(account) + 1);
    return connection;
  }

  wait(connection: Connection, now: number): void {
    connection.state = 'waiting';
    connection.deadline = now + requestPatience;
    this.#waiting.add(connection);
  }

  serve(connection: Connection): void {
    this.#waiting.delete(connection);
    connection.state = 'served';
  }

  /** @param grant undefined: what was sent is no grant's. */
  drain(connection: Connection, grant: Entry | undefined, now: number): void {
    connection.state = 'draining';
    if (grant !== undefined) connection.grant = grant;
    connection.deadline = now + replyPatience;
    this.#draining.add(connection);
    this.#countUnread(connection, 1);
  }

  #countUnread({ account, sent = 1 }: Connection, by: 1 | -1): void {
    const left = (this.#unread.get(account) ?? 0) + by * sent;
    if (left > 0) this.#unread.set(account, left);
    else this.#unread.delete(account);
    this.#allUnread += by * sent;
  }

  remove(connection: Connection): void {
    this.#all.delete(connection);
    this.#waiting.delete(connection);
    if (this.#draining.delete(connection)) this.#countUnread(connection, -1);
    const left = this.countOf(connection.account) - 1;
    if (left > 0) this.#perAccount.set(connection.account, left);
    else this.#perAccount.delete(connection.account);
  }

  /** The connection that has been silent for longest, which makes room for a new one when there is no other. */
  oldestWaiting(): Connection | undefined {
    for (const connection of this.#waiting) return connection;
    return undefined;
  }

  /** Those whose request has not come in time. */
  silent(now: number): Connection[] {
    const late: Connection[] = [];
    for (const connection of this.#waiting) {
      if (connection.deadline > now) break;
      late.push(connection);
    }
    return late;
  }

  draining(): Iterable<Connection> {
    return this.#draining;
  }

  all(): Connection[] {
    return [...this.#all];
  }
}
