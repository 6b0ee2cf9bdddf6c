/** fdbroker-switchd as a process of its own, and a broker's connection to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { connectSeqpacket, listenSeqpacket, receive, send, socketPair } from '../../src/kernel/seqpacket.js';
import { decodeEvent, encodeOrder, type Order, type SwitchEvent } from '../../src/protocol/switch-order.js';
import type { Lifetime } from './daemon.js';

export const switchProgram = fileURLToPath(new URL('../../src/bin/fdbroker-switchd.js', import.meta.url));

export class SwitchProcess {
  readonly path: string;
  readonly child: ChildProcess;
  stderr = '';
  readonly ended: Promise<number | NodeJS.Signals>;

  /** @param path where it listens; left out: in a folder of its own. */
  constructor(t: Lifetime, wrapper: readonly string[] = [], args: readonly string[] = [], path?: string) {
    const folder = mkdtempSync(join(tmpdir(), 'fdbroker-test-'));
    this.path = path ?? join(folder, 'switch');
    const listener = listenSeqpacket(this.path, { mode: 0o600 })._unsafeUnwrap();
    const command = [...wrapper, process.execPath, switchProgram, ...args];
    const env = { ...process.env, LISTEN_FDS: '1' };
    this.child = spawn(command[0] as string, command.slice(1), {
      stdio: ['ignore', 'ignore', 'pipe', listener.fd],
      env,
    });
    listener.close();
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve(code ?? signal ?? -1)));
    t.teardown(async () => {
      this.child.kill('SIGKILL');
      await this.ended;
      rmSync(folder, { recursive: true });
    });
  }

  connect(t: Lifetime): BrokerEnd {
    const connection = connectSeqpacket(this.path)._unsafeUnwrap();
    t.teardown(() => connection.close());
    return new BrokerEnd(connection);
  }
}

export class BrokerEnd {
  constructor(readonly connection: OwnedFd) {}

  order(order: Order, fds: readonly OwnedFd[] = []): void {
    const numbers = fds.map((fd) => fd.fd);
    send(this.connection.fd, encodeOrder(order), numbers)._unsafeUnwrap();
  }

  /** The next event, and descriptors that came with it, which the caller closes. */
  async event(): Promise<{ event: SwitchEvent; fds: readonly OwnedFd[] }> {
    for (;;) {
      const received = receive(this.connection.fd, 8)._unsafeUnwrap();
      if (received.tag === 'end') throw new Error('the switch has closed the connection');
      if (received.tag === 'message') return { event: decodeEvent(received.bytes)._unsafeUnwrap(), fds: received.fds };
      await delay(5);
    }
  }
}

/** A guest's end; the other is given to the order and closed. */
export function guestEnd(t: Lifetime, type: 'stream' | 'seqpacket', plug: (ours: OwnedFd) => void): OwnedFd {
  const [ours, theirs] = socketPair(type)._unsafeUnwrap();
  t.teardown(() => theirs.close());
  plug(ours);
  ours.close();
  return theirs;
}
