/**
 * Tells that something has happened to interfaces of the host's, or to the addresses on them, by rtnetlink(7). What it
 * is now is asked for. The kernel drops what is told of other interfaces before it is queued.
 */
import { constants } from 'node:os';
import { err, ok, type Result } from 'neverthrow';
import type { InterfaceName } from '../core/names.js';
import type { SysError } from '../core/sys-error.js';
import { ownFd } from './close.js';
import { check } from './errno.js';
import { native } from './native.js';
import { readAnswers } from './netlink/answers.js';
import { NetlinkBytes } from './netlink/bytes.js';
import { readFamily, readIfindex } from './netlink/link.js';
import type { OwnedFd } from './owned-fd.js';

const { AF_UNSPEC, RTM_DELLINK } = native.constants;
const { ENOBUFS } = constants.errno;

/** Bytes of events waiting to be read, at most. Those that are lost do no harm: one is as good as many. */
const queueRoom = 1 << 20;
/** No event is as large. */
const datagramRoom = 1 << 16;
/** IFNAMSIZ. */
const nameSize = 16;

export interface InterfaceChanges {
  /** Whether anything was told. */
  readonly any: boolean;
  /** ifindexes of links that have gone; another may have got the number since. */
  readonly gone: ReadonlySet<number>;
}

export class InterfaceEvents implements Disposable {
  readonly #memory = new NetlinkBytes(datagramRoom);

  private constructor(private readonly socket: OwnedFd) {}

  /** It tells nothing before {@link watch}. */
  static open(): Result<InterfaceEvents, SysError> {
    return check('socket (NETLINK_ROUTE)', native.netlinkOpen(queueRoom)).andThen((fd) => {
      const events = new InterfaceEvents(ownFd(fd));
      const watching = events.watch([], []);
      if (watching.isOk()) return ok(events);
      events[Symbol.dispose]();
      return err(watching.error);
    });
  }

  /** To be watched for reading. It stays with this object, which closes it. */
  get fd(): number {
    return this.socket.fd;
  }

  /**
   * From now on it is told of these, and of no others unless they are more than 128.
   *
   * @param names also of links that do not exist, or have another name by now.
   * @param ifindexes addresses are told by these alone.
   */
  watch(names: readonly InterfaceName[], ifindexes: readonly number[]): Result<void, SysError> {
    const bytes = new Uint8Array(names.length * nameSize);
    for (const [at, name] of names.entries()) bytes.set(Buffer.from(name), at * nameSize);
    const done = native.netlinkWatchInterfaces(this.fd, bytes, Uint32Array.from(ifindexes));
    return check('NETLINK_ADD_MEMBERSHIP', done).map(() => undefined);
  }

  /** Reads what waits, in `limit` datagrams at most; the rest keeps the socket readable. */
  read(limit: number): InterfaceChanges {
    const gone = new Set<number>();
    let any = false;
    for (let left = limit; left > 0; left -= 1) {
      const got = native.netlinkReceive(this.fd, this.#memory.bytes);
      if (got < 0 && got !== -ENOBUFS) break;
      any = true;
      if (got < 0) continue;
      for (const message of readAnswers(this.#memory, Math.min(got, datagramRoom))) {
        // Of AF_BRIDGE it is a port that has left its bridge
        if (message.type !== RTM_DELLINK || readFamily(this.#memory, message) !== AF_UNSPEC) continue;
        gone.add(readIfindex(this.#memory, message));
      }
    }
    return { any, gone };
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}
