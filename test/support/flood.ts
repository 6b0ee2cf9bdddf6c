/**
 * A program: puts packets on a wire at full rate until it is killed. `flood.js IFNAME`, with the packets on its standard
 * input, each a line in hexadecimal; it says `ready` when it begins. As a module it starts that.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Injector } from './raw-datagrams.js';
import type { Lifetime } from './until.js';

export class Flood {
  readonly #child: ChildProcess;

  private constructor(t: Lifetime, ifname: string) {
    this.#child = spawn(process.execPath, [fileURLToPath(import.meta.url), ifname], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.teardown(() => this.#child.kill('SIGKILL'));
  }

  /** The packets in turn, in the namespace of this process. */
  static async start(t: Lifetime, ifname: string, packets: readonly Uint8Array[]): Promise<Flood> {
    const flood = new Flood(t, ifname);
    const lines = createInterface({ input: flood.#child.stdout as NodeJS.ReadableStream });
    flood.#child.stdin?.end(packets.map((packet) => `${Buffer.from(packet).toString('hex')}\n`).join(''));
    await once(lines, 'line');
    return flood;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packets = (await text(process.stdin))
    .trim()
    .split('\n')
    .map((line) => Buffer.from(line, 'hex'));
  const injector = new Injector({ teardown: () => {} }, process.argv[2] ?? '');
  process.stdout.write('ready\n');
  for (;;) injector.send(packets);
}
