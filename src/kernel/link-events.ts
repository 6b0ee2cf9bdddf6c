/** What rtnetlink(7) tells unasked: links that change or go, and sticky bridge entries that go. */
import { constants } from 'node:os';
import { err, ok, type Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import { ownFd } from './close.js';
import { check } from './errno.js';
import type { KernelEvent } from './kernel.js';
import { native } from './native.js';
import { type Answer, readAnswers } from './netlink/answers.js';
import { NetlinkBytes } from './netlink/bytes.js';
import { readIfindex, readLinkChange } from './netlink/link.js';
import { readEntry } from './netlink/neigh.js';
import type { OwnedFd } from './owned-fd.js';

const { RTM_DELLINK, RTM_DELNEIGH, RTM_NEWLINK } = native.constants;
const { EAGAIN, ENOBUFS } = constants.errno;

/** Bytes of events waiting to be read, at most: some thousand. The kernel takes the memory only when they do wait. */
const queueRoom = 16 << 20;
/** No event is as large; one that were would count as lost. */
const datagramRoom = 1 << 16;

export class LinkEvents implements Disposable {
  readonly #sockets: readonly OwnedFd[];
  readonly #memory = new NetlinkBytes(datagramRoom);
  /** Those that lost events and have not been read to their end since. */
  readonly #overrun = new Set<number>();

  private constructor(sockets: readonly OwnedFd[]) {
    this.#sockets = sockets;
  }

  /** @param room bytes of events that may wait. */
  static open(room = queueRoom): Result<LinkEvents, SysError> {
    const sockets: OwnedFd[] = [];
    for (const watch of [native.netlinkWatchLinks, native.netlinkWatchStickyEntries]) {
      const socket = check('socket (NETLINK_ROUTE)', native.netlinkOpen(room)).map(ownFd);
      if (socket.isOk()) sockets.push(socket.value);
      const watching = socket.andThen(({ fd }) => check('NETLINK_ADD_MEMBERSHIP', watch(fd)));
      if (watching.isErr()) {
        for (const opened of sockets) opened.close();
        return err(watching.error);
      }
    }
    return ok(new LinkEvents(sockets));
  }

  /** The sockets to watch for reading. They stay with this object, which closes them. */
  get fds(): readonly number[] {
    return this.#sockets.map((socket) => socket.fd);
  }

  /**
   * Reads what waits on one of {@link fds}, in `limit` datagrams at most; the rest keeps the socket readable.
   *
   * Once its queue was full, the kernel says ENOBUFS once and then drops without a word until the queue is empty. So
   * the rest is thrown away, at once, and the overrun is told behind it: the dump that follows misses nothing.
   *
   * @param wanted links that matter; what is told of others is not even read through.
   */
  read(fd: number, limit: number, wanted: (ifindex: number) => boolean = () => true): KernelEvent[] {
    const events: KernelEvent[] = [];
    for (let left = limit; left > 0 || this.#overrun.has(fd); left--) {
      const got = native.netlinkReceive(fd, this.#memory.bytes);
      if (got < 0 && got !== -ENOBUFS) {
        if (this.#overrun.delete(fd) || got !== -EAGAIN) events.push({ tag: 'overrun' });
        break;
      }
      if (got < 0 || got > datagramRoom) this.#overrun.add(fd);
      if (this.#overrun.has(fd)) continue;
      for (const message of readAnswers(this.#memory, got)) {
        // ifinfomsg and ndmsg have the ifindex in the same place
        if (!wanted(readIfindex(this.#memory, message))) continue;
        const event = readEvent(this.#memory, message);
        if (event !== undefined) events.push(event);
      }
    }
    return events;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.close();
  }
}

function readEvent(memory: NetlinkBytes, message: Answer): KernelEvent | undefined {
  switch (message.type) {
    case RTM_NEWLINK:
      return { tag: 'link', link: readLinkChange(memory, message) };
    case RTM_DELLINK:
      return { tag: 'link-gone', ifindex: readIfindex(memory, message) };
    case RTM_DELNEIGH: {
      const { ifindex, mac, vlan } = readEntry(memory, message);
      return { tag: 'static-entry-gone', ifindex, mac, ...(vlan !== undefined && { vlan }) };
    }
    default:
      return undefined;
  }
}
