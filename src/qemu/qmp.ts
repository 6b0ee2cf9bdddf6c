/** QEMU's monitor for programs (QMP) over its unix socket: commands one after the other, with descriptors. */
import { err, ok, type Result, ResultAsync } from 'neverthrow';
import { describeSysError, type SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { connectStream, peerProcess, receive, send } from '../kernel/seqpacket.js';
import { readableBefore } from '../kernel/wait.js';

/** What a command came to when it did not work. */
export type QmpError =
  /** QEMU says no: its class of error, and its words. */
  | { readonly tag: 'refused'; readonly kind: string; readonly what: string }
  /** There is no QEMU any more, or none that answers. `what`: a sentence. */
  | { readonly tag: 'lost'; readonly what: string };

export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What is asked of a monitor; plug.ts needs no more. */
export interface Monitor {
  /** @param fd goes with the command, and stays the caller's. */
  execute(command: string, options?: object, fd?: number): Promise<Result<unknown, QmpError>>;
  /** The next event that fits; undefined: none came before `until`, in milliseconds of performance.now(). */
  event(fits: (event: QmpEvent) => boolean, until: number): Promise<Result<QmpEvent | undefined, QmpError>>;
}

/** Bytes of one message; QEMU's longest, a list of all it can do, has a tenth of it. */
const longestLine = 16 << 20;

export class Qmp implements Monitor, Disposable {
  readonly #socket: OwnedFd;
  readonly #path: string;
  readonly #seconds: number;
  readonly #decoder = new TextDecoder();
  readonly #messages: Record<string, unknown>[] = [];
  readonly #events: QmpEvent[] = [];
  #rest = '';
  #commands = 0;

  private constructor(socket: OwnedFd, path: string, seconds: number) {
    this.#socket = socket;
    this.#path = path;
    this.#seconds = seconds;
  }

  /** @param seconds for each answer. */
  static async connect(path: string, seconds: number): Promise<Result<Qmp, QmpError>> {
    const socket = connectStream(path);
    if (socket.isErr()) return err(lost(whyNot(path, socket.error)));
    const qmp = new Qmp(socket.value, path, seconds);
    const ready = await (await qmp.#greeting()).asyncAndThen(() => new ResultAsync(qmp.execute('qmp_capabilities')));
    if (ready.isOk()) return ok(qmp);
    qmp[Symbol.dispose]();
    return err(ready.error);
  }

  /** The connection, whose peer is QEMU; it stays this object's. */
  get fd(): number {
    return this.#socket.fd;
  }

  /** The process that listens there, QEMU where it made the socket itself; undefined: not known. */
  get peer(): { readonly pid: number; readonly uid: number } | undefined {
    return peerProcess(this.#socket.fd).unwrapOr(undefined);
  }

  async execute(command: string, options: object = {}, fd?: number): Promise<Result<unknown, QmpError>> {
    const id = ++this.#commands;
    const line = `${JSON.stringify({ execute: command, arguments: options, id })}\n`;
    const sent = send(this.#socket.fd, Buffer.from(line), fd === undefined ? [] : [fd]);
    if (sent.isErr()) return err(this.#gone(sent.error));
    const until = performance.now() + this.#seconds * 1000;
    for (;;) {
      const message = await this.#next(until);
      if (message.isErr()) return err(message.error);
      if (message.value === undefined) {
        return err(lost(`QEMU at ${this.#path} has not answered for ${this.#seconds} s; it is stopped or overloaded`));
      }
      if (message.value['id'] !== id) continue;
      if (!('error' in message.value)) return ok(message.value['return']);
      const { class: kind, desc } = Object(message.value['error']) as { class?: unknown; desc?: unknown };
      return err({ tag: 'refused', kind: String(kind), what: String(desc) });
    }
  }

  async event(fits: (event: QmpEvent) => boolean, until: number): Promise<Result<QmpEvent | undefined, QmpError>> {
    for (;;) {
      const at = this.#events.findIndex(fits);
      if (at >= 0) return ok(this.#events.splice(at, 1)[0]);
      const message = await this.#next(until);
      if (message.isErr()) return err(message.error);
      if (message.value === undefined) return ok(undefined);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  async #greeting(): Promise<Result<void, QmpError>> {
    const first = await this.#next(performance.now() + this.#seconds * 1000);
    if (first.isErr()) return err(first.error);
    if (first.value !== undefined && 'QMP' in first.value) return ok();
    const silent = first.value === undefined;
    const why = silent ? 'another program is connected to it, and it serves one at a time' : 'it is no monitor';
    return err(lost(`${this.#path} does not greet as QEMU's monitor does: ${why}`));
  }

  /** The next message; an event is kept as well. undefined: nothing came. */
  async #next(until: number): Promise<Result<Record<string, unknown> | undefined, QmpError>> {
    while (this.#messages.length === 0) {
      if (!(await readableBefore(this.#socket.fd, until))) return ok(undefined);
      const received = receive(this.#socket.fd, 0);
      if (received.isErr()) return err(this.#gone(received.error));
      if (received.value.tag === 'end') return err(lost(`QEMU at ${this.#path} has ended, or closed its monitor`));
      if (received.value.tag === 'message' && !this.#take(received.value.bytes)) {
        return err(lost(`what answers at ${this.#path} is not QEMU's monitor`));
      }
    }
    const message = this.#messages.shift();
    if (typeof message?.['event'] === 'string') {
      this.#events.push({ name: message['event'], data: Object(message['data']) });
    }
    return ok(message);
  }

  /** @returns whether it can be read. */
  #take(bytes: Uint8Array): boolean {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > longestLine) return false;
    try {
      for (const line of lines) if (line.trim() !== '') this.#messages.push(Object(JSON.parse(line)));
      return true;
    } catch {
      return false;
    }
  }

  #gone(error: SysError): QmpError {
    return lost(`QEMU at ${this.#path} has ended, or closed its monitor (${describeSysError(error)})`);
  }
}

function lost(what: string): QmpError {
  return { tag: 'lost', what };
}

function whyNot(path: string, error: SysError): string {
  switch (error.code) {
    case 'ENOENT':
      return `there is no monitor: ${path} does not exist; start QEMU with -qmp unix:${path},server=on,wait=off`;
    case 'ECONNREFUSED':
      return `there is no monitor: nobody listens on ${path}; that QEMU has ended, or this is no socket`;
    case 'EPROTOTYPE':
      return `${path} is no monitor of QEMU: it is a socket of another kind`;
    case 'EACCES':
      return `permission denied at ${path}; it belongs to who started QEMU`;
    case 'EAGAIN':
      return `the monitor at ${path} takes no connection now; another program uses it`;
    default:
      return describeSysError(error);
  }
}
