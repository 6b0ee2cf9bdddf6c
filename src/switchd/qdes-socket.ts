/** A socket that several QDES networks share: the id in a datagram's header says whose it is. One of their ports waits for all. */
import { randomFillSync } from 'node:crypto';
import { FloodLimit } from '../switch/flood-limit.js';
import { AddressHash } from '../switch/hash.js';

/**
 * Answers in a second to hosts that have not answered us. Anybody can say hello in the name of hosts that there are not, and
 * the kernel looks for each for some seconds, in which what is for it takes room from all that the socket sends.
 */
const answersToStrangers = 128;

export class QdesSocket<Port> {
  readonly #ports = new Map<number, Port>();
  /** The port that waits. */
  #waiting: Port | undefined;
  /** Bytes of the longest frame of any network. */
  room = 0;
  /** Seconds, when it was last read. */
  now = 0;

  readonly #answers = new FloodLimit(1);

  /** @param hash of the peers' addresses. */
  constructor(readonly hash: AddressHash) {
    this.#answers.set(0, answersToStrangers, this.now);
  }

  /** Whether one more host that has not answered us may be answered, which it counts. */
  mayAnswer(): boolean {
    return this.#answers.take(0, this.now);
  }

  portOf(id: number): Port | undefined {
    return this.#ports.get(id);
  }

  /** @param room bytes of its longest frame, and of what is before it. @returns refused: another port has the id. */
  join(id: number, port: Port, room: number): 'waits' | 'shares' | 'refused' {
    if (this.#ports.has(id)) return 'refused';
    this.#ports.set(id, port);
    this.room = Math.max(this.room, room);
    if (this.#waiting !== undefined) return 'shares';
    this.#waiting = port;
    return 'waits';
  }

  /** @returns the port that is to wait from now on; undefined: as before, or nobody is left. */
  leave(id: number, port: Port): Port | undefined {
    if (this.#ports.get(id) === port) this.#ports.delete(id);
    if (this.#waiting !== port) return undefined;
    this.#waiting = this.#ports.values().next().value;
    return this.#waiting;
  }
}

export class QdesSockets<Port> {
  readonly #sockets = new Map<string, QdesSocket<Port>>();
  readonly #hash = new AddressHash(randomFillSync);

  /** @param name is the same for all descriptors of one. */
  of(name: string): QdesSocket<Port> {
    const found = this.#sockets.get(name) ?? new QdesSocket<Port>(this.#hash);
    this.#sockets.set(name, found);
    return found;
  }
}
