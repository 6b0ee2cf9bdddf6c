/** A unix socket that speaks as QEMU's monitor does, as a test wants it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Order {
  readonly execute: string;
  readonly arguments: Record<string, unknown>;
  readonly id: number;
}

/** @returns what is sent as the answer; undefined: nothing. */
export type Answering = (order: Order, socket: Socket) => object | undefined;

/** Where it closes the connection before it takes a command: at once, in the middle of its greeting, instead of the first answer. */
export type Closing = 'connected' | 'greeting' | 'qmp_capabilities';

const greeting = '{"QMP": {"version": {}, "capabilities": []}}\r\n';

export class FakeMonitor implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'fdb-'));
  readonly path = join(this.#folder, 'qmp');
  /** What was asked, `qmp_capabilities` apart. */
  readonly orders: Order[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(answer: Answering, first: string, closing?: Closing) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      if (closing === 'connected' || closing === 'greeting') {
        socket.end(closing === 'greeting' ? first.slice(0, first.length / 2) : '');
        return;
      }
      socket.write(first);
      let rest = '';
      socket.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.#obey(JSON.parse(line), closing === undefined ? answer : undefined, socket);
      });
    });
  }

  /** @param first what it says to who connects. */
  static async start(
    answer: Answering = () => ({ return: {} }),
    first = greeting,
    closing?: Closing,
  ): Promise<FakeMonitor> {
    const monitor = new FakeMonitor(answer, first, closing);
    await new Promise<void>((resolve) => monitor.#server.listen(monitor.path, resolve));
    return monitor;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** @param answer undefined: it closes. */
  #obey(order: Order, answer: Answering | undefined, socket: Socket): void {
    if (answer === undefined) return void socket.destroy();
    const isFirst = order.execute === 'qmp_capabilities';
    if (!isFirst) this.orders.push(order);
    const reply = isFirst ? { return: {} } : answer(order, socket);
    if (reply !== undefined && !socket.destroyed) socket.write(`${JSON.stringify({ ...reply, id: order.id })}\r\n`);
  }
}
