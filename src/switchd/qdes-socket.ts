/** A socket that several QDES networks share: the id in a datagram's header says whose it is. One of their ports waits for all. */
import { randomFillSync } from 'node:crypto';
import { AddressHash } from '../switch/hash.js';
import type { QdesPort } from './qdes-port.js';

export class QdesSocket {
  readonly #ports = new Map<number, QdesPort>();
  /** The port that waits. */
  #waiting: QdesPort | undefined;
  /** Bytes of the longest frame of any network. */
  room = 0;
  /** Seconds, when it was last read. */
  now = 0;

  /** @param hash of the peers' addresses. */
  constructor(readonly hash: AddressHash) {}

  portOf(id: number): QdesPort | undefined {
    return this.#ports.get(id);
  }

  /** @returns refused: another port has the id. */
  join(id: number, port: QdesPort): 'waits' | 'shares' | 'refused' {
    if (this.#ports.has(id)) return 'refused';
    this.#ports.set(id, port);
    this.room = Math.max(this.room, port.maxFrame);
    if (this.#waiting !== undefined) return 'shares';
    this.#waiting = port;
    return 'waits';
  }

  /** @returns the port that is to wait from now on; undefined: as before, or nobody is left. */
  leave(id: number, port: QdesPort): QdesPort | undefined {
    if (this.#ports.get(id) === port) this.#ports.delete(id);
    if (this.#waiting !== port) return undefined;
    this.#waiting = this.#ports.values().next().value;
    return this.#waiting;
  }
}

export class QdesSockets {
  readonly #sockets = new Map<string, QdesSocket>();
  readonly #hash = new AddressHash(randomFillSync);

  /** @param name is the same for all descriptors of one. */
  of(name: string): QdesSocket {
    const found = this.#sockets.get(name) ?? new QdesSocket(this.#hash);
    this.#sockets.set(name, found);
    return found;
  }
}
