/** A control socket whose server does what a test tells it, good or bad. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { accept, listenSeqpacket, receive, send } from '../../src/kernel/seqpacket.js';
import { Watch } from '../../src/kernel/watch.js';
import { encodeReply, okReply } from '../../src/protocol/reply.js';
import { decodeRequest, type Request } from '../../src/protocol/request.js';

/** One connection as the script sees it. */
interface Conversation {
  readonly request: Request;
  /** Its bytes as received. */
  readonly text: string;
  /** What came with it; closed when the script returns. */
  readonly fds: readonly OwnedFd[];
  send(bytes: Uint8Array | string, fds?: readonly number[]): void;
  /** An answer with `status=ok` and these fields. */
  ok(fields: Readonly<Record<string, string>>): void;
  close(): void;
}

export type Script = (conversation: Conversation) => void;

export class ScriptedServer implements Disposable {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'fdb-'));
  readonly path = path.join(this.#folder, 'control');
  /** What was asked, in order. */
  readonly requests: string[] = [];
  readonly #watch = new Watch();
  readonly #open = new Set<OwnedFd>();
  readonly #listener: OwnedFd;
  readonly #script: Script;
  readonly #greet: ((fd: number) => void) | undefined;

  /**
   * @param script runs for each request; a connection that it leaves open stays so until the server is disposed.
   * @param greet runs on accept, and the connection is closed after it, with nothing read.
   */
  constructor(script: Script, options: { greet?: (fd: number) => void; backlog?: number; mode?: number } = {}) {
    this.#script = script;
    this.#greet = options.greet;
    const { backlog = 64, mode = 0o600 } = options;
    this.#listener = listenSeqpacket(this.path, { mode, backlog })._unsafeUnwrap();
  }

  /** Begins to accept. */
  start(): this {
    this.#watch.add(this.#listener.fd, { read: true }, () => this.#accept())._unsafeUnwrap();
    return this;
  }

  /** Nobody listens any more; the file stays. */
  die(): void {
    this.#watch.close();
    this.#listener.close();
    for (const fd of this.#open) fd.close();
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.die();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #accept(): void {
    const fd = accept(this.#listener.fd)._unsafeUnwrap()?.fd;
    if (fd === undefined) return;
    if (this.#greet !== undefined) {
      this.#greet(fd.fd);
      return fd.close();
    }
    this.#open.add(fd);
    this.#watch.add(fd.fd, { read: true }, () => this.#converse(fd))._unsafeUnwrap();
  }

  #converse(fd: OwnedFd): void {
    this.#watch.remove(fd.fd);
    const received = receive(fd.fd, 4);
    const close = () => {
      this.#open.delete(fd);
      fd.close();
    };
    if (received.isErr() || received.value.tag !== 'message') return close();
    const text = Buffer.from(received.value.bytes).toString();
    this.requests.push(text);
    const say = (bytes: Uint8Array | string, fds: readonly number[] = []) => {
      // A client that is gone shows in the test by what it got
      void send(fd.fd, Buffer.from(bytes), fds).isOk();
    };
    this.#script({
      request: decodeRequest(received.value.bytes)._unsafeUnwrap(),
      text,
      fds: received.value.fds,
      send: say,
      ok: (fields) => say(encodeReply(okReply(fields))),
      close,
    });
    for (const each of received.value.fds) each.close();
  }
}
