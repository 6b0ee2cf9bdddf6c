/**
 * One connection of TCP between two places, over which bytes go at a steady pace until it is ended, and which is seen to
 * bring them all unchanged. As a program it is one of its ends: `tcp-stream.js send ADDRESS PORT` or `receive PORT`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Lifetime, until } from './until.js';

/** What an end has seen, at the end. */
export interface Carried {
  readonly bytes: number;
  readonly digest: string;
}

interface Place {
  /** What stands before a command that is to run in there. */
  readonly enter: readonly string[];
}

class End {
  readonly lines: string[] = [];
  readonly child: ChildProcess;

  constructor(t: Lifetime, place: Place, words: readonly string[]) {
    const [program = '', ...args] = [...place.enter, process.execPath, fileURLToPath(import.meta.url), ...words];
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    t.teardown(() => this.child.kill('SIGKILL'));
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.lines.push(line));
  }

  async line(): Promise<string> {
    await until(() => this.lines.length > 0);
    return this.lines.shift() as string;
  }
}

export class TcpStream {
  private constructor(
    private readonly sender: End,
    private readonly receiver: End,
  ) {}

  /** It is connected when this resolves. @param address the receiver's. */
  static async start(t: Lifetime, from: Place, to: Place, address: string): Promise<TcpStream> {
    const receiver = new End(t, to, ['receive', '5001']);
    await receiver.line();
    const sender = new End(t, from, ['send', address, '5001']);
    await sender.line();
    return new TcpStream(sender, receiver);
  }

  /** Ends it, in order. */
  async finish(): Promise<{ readonly sent: Carried; readonly received: Carried }> {
    this.sender.child.stdin?.end();
    const [sent, received] = [await this.sender.line(), await this.receiver.line()];
    return { sent: JSON.parse(sent), received: JSON.parse(received) };
  }
}

const [chunk, pause, mostWaiting] = [16_384, 5, 1 << 20] as const;

function tell(bytes: number, hash: ReturnType<typeof createHash>): void {
  process.stdout.write(`${JSON.stringify({ bytes, digest: hash.digest('hex') } satisfies Carried)}\n`);
}

function send(address: string, port: number): void {
  const hash = createHash('sha256');
  let bytes = 0;
  const socket = connect({ host: address, port }, () => process.stdout.write('ready\n'));
  const timer = setInterval(() => {
    if (socket.writableLength > mostWaiting) return;
    const some = randomBytes(chunk);
    hash.update(some);
    bytes += some.length;
    socket.write(some);
  }, pause);
  process.stdin.resume().once('end', () => {
    clearInterval(timer);
    socket.end(() => tell(bytes, hash));
  });
}

function receive(port: number): void {
  const hash = createHash('sha256');
  let bytes = 0;
  const server = createServer((socket) => {
    server.close();
    socket.on('data', (some) => {
      hash.update(some);
      bytes += some.length;
    });
    socket.once('end', () => tell(bytes, hash));
  });
  server.listen(port, () => process.stdout.write('ready\n'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [role, ...rest] = process.argv.slice(2);
  if (role === 'send') send(rest[0] ?? '', Number(rest[1]));
  else receive(Number(rest[0]));
}
