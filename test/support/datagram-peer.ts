/**
 * A program of UDP in another namespace, by Node's own sockets: sends what it is told, and tells what it gets. As a module
 * it is that program's other side.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FarEnd } from './far-end.js';
import { type Lifetime, until } from './until.js';

/** Where it is bound, and how its datagrams are told. */
export interface Place {
  readonly port: number;
  /** An address; left out: every one. */
  readonly at?: string;
  /** hex: lines hold the bytes so. */
  readonly encoding?: 'utf8' | 'hex';
  /** A group that it joins, by an interface: IPv4 by its address, IPv6 by `::%NAME`. Left out: none, and IPv4. */
  readonly group?: string;
  readonly by?: string;
}

export class DatagramPeer {
  /** What came, in order. */
  readonly got: string[] = [];
  readonly #child: ChildProcess;

  private constructor(t: Lifetime, far: FarEnd, place: Place) {
    const own = fileURLToPath(import.meta.url);
    const [program = '', ...args] = [...far.enter, process.execPath, own, JSON.stringify(place)];
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    t.teardown(() => this.#child.kill('SIGKILL'));
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.got.push(line);
    });
  }

  /** It receives when this resolves. */
  static async start(t: Lifetime, far: FarEnd, place: Place): Promise<DatagramPeer> {
    const peer = new DatagramPeer(t, far, place);
    await until(() => peer.got.shift() === 'ready');
    return peer;
  }

  /** @param text without a line feed. */
  send(text: string, to: string, port: number): void {
    this.#child.stdin?.write(`${JSON.stringify({ text, to, port })}\n`);
  }
}

async function serve({ port, at, encoding = 'utf8', group, by }: Place): Promise<void> {
  const socket = createSocket({ type: isIPv6(group ?? at ?? '') ? 'udp6' : 'udp4', reuseAddr: true });
  socket.bind(port, at);
  await once(socket, 'listening');
  if (group !== undefined) {
    socket.addMembership(group, by);
    socket.setMulticastInterface(by as string);
    socket.setMulticastLoopback(false);
  }
  socket.on('message', (bytes) => process.stdout.write(`${bytes.toString(encoding)}\n`));
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const { text, to, port: where } = JSON.parse(line);
      socket.send(Buffer.from(text, encoding), where, to);
    })
    .once('close', () => process.exit());
  process.stdout.write('ready\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await serve(JSON.parse(process.argv[2] ?? ''));
}
