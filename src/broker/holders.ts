/**
 * The processes that hold sockets. The kernel tells of a link when it ends, and of a socket nothing: its grant ends with
 * the process that it was given to, whose life a pidfd tells. Such a process can pass the socket on; docs/threat-model.md
 * has what follows.
 */
import { err, ok, type Result } from 'neverthrow';
import type { Credentials } from '../core/credentials.js';
import { describeSysError } from '../core/sys-error.js';
import type { Kernel } from '../kernel/kernel.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { peerPidfd, peerProcess } from '../kernel/seqpacket.js';
import type { Life } from '../networks/network.js';

const reason = 'its holder has ended';

export class Holders {
  /** Descriptors that this may take, of which one account gets a quarter. */
  room = Number.POSITIVE_INFINITY;
  readonly #perAccount = new Map<number, number>();
  #size = 0;

  /** Descriptors in use. */
  get size(): number {
    return this.#size;
  }

  /**
   * @param socket a unix socket whose peer is the process; the caller closes it.
   * @returns an error as a sentence for the client.
   */
  follow(kernel: Kernel, account: number, socket: OwnedFd): Result<Life, string> {
    const own = this.#perAccount.get(account) ?? 0;
    if (own >= this.room / 4 || this.#size >= this.room) {
      return err(`uid ${account} has ${own} sockets out, and the broker follows no more; let some end, and try again`);
    }
    let then: ((reason: string) => void) | undefined;
    let ended = false;
    const followed = peerPidfd(socket.fd).andThen((pidfd) =>
      kernel.sockets.whenEnded(pidfd, () => {
        ended = true;
        then?.(reason);
      }),
    );
    if (followed.isErr()) {
      return err(`the process that is to hold the socket cannot be followed: ${describeSysError(followed.error)}`);
    }
    this.#count(account, 1);
    let counted = true;
    return ok({
      whenEnded(call) {
        then = call;
        if (ended) call(reason);
      },
      [Symbol.dispose]: () => {
        followed.value[Symbol.dispose]();
        if (counted) this.#count(account, -1);
        counted = false;
      },
    });
  }

  #count(account: number, by: 1 | -1): void {
    const own = (this.#perAccount.get(account) ?? 0) + by;
    if (own > 0) this.#perAccount.set(account, own);
    else this.#perAccount.delete(account);
    this.#size += by;
  }
}

/** The process that made the socketpair, when it is the caller's own user's; undefined: the caller itself is the holder. */
export function carriedHolder(caller: Credentials, carried: OwnedFd | undefined): number | undefined {
  if (carried === undefined) return undefined;
  const peer = peerProcess(carried.fd);
  return peer.isOk() && peer.value.uid === caller.uid && peer.value.pid > 0 ? peer.value.pid : undefined;
}
