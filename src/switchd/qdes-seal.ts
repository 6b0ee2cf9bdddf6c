/**
 * Authenticated encryption of QDES (docs/qdes.md): AES-256-GCM by a key of each sender's session, which is derived from the
 * network's key by HMAC-SHA-256. A session is taken for what it says it is when its owner has answered a question of ours,
 * so that nothing which was recorded earlier passes; within a session no datagram passes twice.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { headerSize, wordAt, writeWord } from '../switch/qdes/header.js';

const algorithm = 'aes-256-gcm';
const sessionSize = 8;
const counterSize = 8;
const tagSize = 16;
/** Bytes between the header and what is sealed. */
export const sealSize = sessionSize + counterSize + tagSize;
const nonceSize = 12;
const purpose = 'fdbroker qdes 1';

const word = 2 ** 32;

/** Datagrams that may be overtaken. */
const windowSize = 1024;
/** Sessions at once that have not answered yet. */
const mostCandidates = 256;
/** In place of a peer. */
const nobody = -1;

export class Session {
  #highest = 0;
  readonly #seen = new Uint8Array(windowSize);
  /** Whose it is, since it has answered; below 0: it has not. */
  peer = nobody;
  /** Seconds when it was asked last. */
  asked = Number.NEGATIVE_INFINITY;

  constructor(
    readonly name: string,
    readonly key: KeyObject,
  ) {}

  /** It has answered by this number: what was sent before is not taken any more. */
  begin(counter: number): void {
    this.#highest = counter;
    this.#seen.fill(1);
  }

  /** Takes note of a datagram's number. @returns false: it came before, or so much later than others that it may have. */
  take(counter: number): boolean {
    if (counter > this.#highest) {
      const from = Math.max(this.#highest + 1, counter - windowSize + 1);
      for (let number = from; number < counter; number += 1) this.#seen[number % windowSize] = 0;
      this.#highest = counter;
    } else if (counter <= this.#highest - windowSize || this.#seen[counter % windowSize] === 1) {
      return false;
    }
    this.#seen[counter % windowSize] = 1;
    return true;
  }
}

export interface Opened {
  readonly session: Session;
  readonly counter: number;
  /** Whether it comes for the first time. */
  readonly fresh: boolean;
}

/** The keys of a network: datagrams are sealed with the first, and opened with any. */
export class Seal {
  readonly #session = randomBytes(sessionSize);
  readonly #own: KeyObject;
  readonly #keys: readonly KeyObject[];
  #counter = 0;
  // What every datagram needs for a moment: views of its own would cost more than copies
  readonly #nonce = Buffer.alloc(nonceSize);
  readonly #header = Buffer.alloc(headerSize);
  readonly #tag = Buffer.alloc(tagSize);
  /** By their names, whatever address they come from. */
  readonly #sessions = new Map<string, Session>();
  #candidates = 0;

  /** @param keys each 32 bytes; at least one. */
  constructor(keys: readonly Uint8Array[]) {
    this.#keys = keys.map((key) => createSecretKey(key));
    this.#own = derive(this.#keys[0] as KeyObject, this.#session);
  }

  /**
   * Seals a message.
   *
   * @param body what follows the header.
   * @param out has the header at `at`; gets the rest behind it.
   */
  seal(body: Uint8Array, out: Uint8Array, at: number): void {
    this.#counter += 1;
    out.set(this.#session, at + headerSize);
    writeCounter(out, at + headerSize + sessionSize, this.#counter);
    const cipher = createCipheriv(algorithm, this.#own, this.#nonceAt(out, at));
    cipher.setAAD(copy(out, at, this.#header));
    out.set(cipher.update(body), at + headerSize + sealSize);
    cipher.final();
    out.set(cipher.getAuthTag(), at + headerSize + sealSize - tagSize);
  }

  /**
   * Opens a message in place: what was sealed is behind header and seal then.
   *
   * @param length bytes behind the header.
   * @returns undefined: none of the keys fits.
   */
  open(bytes: Uint8Array, at: number, length: number): Opened | undefined {
    if (length < sealSize) return undefined;
    const session = this.#sessionAt(bytes, at, length);
    if (session === undefined) return undefined;
    const counter = counterAt(bytes, at + headerSize + sessionSize);
    return { session, counter, fresh: session.take(counter) };
  }

  /** The session's owner has answered, by the datagram with this number, as that peer. */
  prove(session: Session, peer: number, counter: number): void {
    if (session.peer === peer) return;
    for (const other of this.#sessions.values()) if (other.peer === peer) this.#sessions.delete(other.name);
    if (session.peer === nobody) {
      this.#candidates -= 1;
      session.begin(counter);
    }
    session.peer = peer;
  }

  /** Forgets those whose peers have gone. */
  forget(isCurrent: (peer: number) => boolean): void {
    for (const { name, peer } of this.#sessions.values()) {
      if (peer !== nobody && !isCurrent(peer)) this.#sessions.delete(name);
    }
  }

  /** The session by whose key the message was opened. */
  #sessionAt(bytes: Uint8Array, at: number, length: number): Session | undefined {
    const name = nameAt(bytes, at + headerSize);
    const there = this.#sessions.get(name);
    if (there !== undefined) return this.#decrypt(there.key, bytes, at, length) ? there : undefined;
    const salt = bytes.subarray(at + headerSize, at + headerSize + sessionSize);
    for (const key of this.#keys.map((key) => derive(key, salt))) {
      if (this.#decrypt(key, bytes, at, length)) return this.#remember(new Session(name, key));
    }
    return undefined;
  }

  /** @returns false: another key, or somebody has changed it; it is as it was then. */
  #decrypt(key: KeyObject, bytes: Uint8Array, at: number, length: number): boolean {
    const body = at + headerSize + sealSize;
    const cipher = createDecipheriv(algorithm, key, this.#nonceAt(bytes, at));
    cipher.setAAD(copy(bytes, at, this.#header));
    // All of its bytes, always: a shorter tag would be easier to guess
    cipher.setAuthTag(copy(bytes, body - tagSize, this.#tag));
    const opened = cipher.update(bytes.subarray(body, at + headerSize + length));
    try {
      cipher.final();
    } catch {
      return false;
    }
    bytes.set(opened, body);
    return true;
  }

  #remember(session: Session): Session {
    this.#sessions.set(session.name, session);
    this.#candidates += 1;
    if (this.#candidates <= mostCandidates) return session;
    for (const { name, peer } of this.#sessions.values()) {
      if (peer !== nobody) continue;
      this.#sessions.delete(name);
      this.#candidates -= 1;
      break;
    }
    return session;
  }

  /** Zeros, then the message's number. */
  #nonceAt(bytes: Uint8Array, at: number): Buffer {
    return copy(bytes, at + headerSize + sessionSize, this.#nonce, nonceSize - counterSize);
  }
}

/** Fills `to` from `from` on with the bytes that lie at `at`. */
function copy(bytes: Uint8Array, at: number, to: Buffer, from = 0): Buffer {
  for (let i = from; i < to.length; i += 1) to[i] = bytes[at + i - from] as number;
  return to;
}

/** Of a session, as a string with a character for each byte. */
function nameAt(bytes: Uint8Array, at: number): string {
  const byte = (i: number) => bytes[at + i] as number;
  return String.fromCharCode(byte(0), byte(1), byte(2), byte(3), byte(4), byte(5), byte(6), byte(7));
}

function writeCounter(bytes: Uint8Array, at: number, counter: number): void {
  writeWord(bytes, at, counter / word);
  writeWord(bytes, at + 4, counter);
}

/** Exact up to 2^53. */
function counterAt(bytes: Uint8Array, at: number): number {
  return (wordAt(bytes, at) >>> 0) * word + (wordAt(bytes, at + 4) >>> 0);
}

function derive(key: KeyObject, session: Uint8Array): KeyObject {
  return createSecretKey(createHmac('sha256', key).update(purpose).update(session).digest());
}
