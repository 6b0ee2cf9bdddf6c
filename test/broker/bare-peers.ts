/** Bare sockets of UDP and TCP, which `fdbroker open` gives to a program, with socat(1) as its peer. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import t, { type Test } from 'tap';
import { ask, dataOf } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, until } from '../support/daemon.js';
import { program } from '../support/fdbroker.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';

inPrivateNamespace();

interface Row {
  readonly network: Readonly<Record<string, string>>;
  /** The program that gets the bare socket. */
  readonly bare: readonly string[];
  /** The peer's address, in socat's words. */
  readonly peer: string;
  /** The peer is there first, because the broker connects to it. */
  readonly peerFirst?: true;
  /** How much passes each way: for UDP one datagram. */
  readonly bytes: number;
}

const socat = (address: string) => ['socat', '-b', '65536', 'STDIO', address];
/** Debian 12's socat takes no socket that listens. */
const accept = `require('net').createServer((peer) => {
  peer.pipe(process.stdout);
  process.stdin.pipe(peer);
}).listen({ fd: Number(process.argv[1]) });`;
const listener = [process.execPath, '-e', accept, '{fd}'];
const megabyte = 1_000_000;
const rows: Readonly<Record<string, Row>> = {
  udp: {
    network: { type: 'udp', local: '127.0.0.1:7001', remote: '127.0.0.1:7002' },
    ...{ bare: socat('FD:{fd}'), peer: 'UDP4:127.0.0.1:7001,bind=127.0.0.1:7002', bytes: 1400 },
  },
  udp6: {
    network: { type: 'udp', local: '[::1]:7001', remote: '[::1]:7002' },
    ...{ bare: socat('FD:{fd}'), peer: 'UDP6:[::1]:7001,bind=[::1]:7002', bytes: 1400 },
  },
  'tcp-connect': {
    network: { type: 'tcp', connect: '127.0.0.1:7011' },
    ...{ bare: socat('FD:{fd}'), peer: 'TCP4-LISTEN:7011,bind=127.0.0.1', peerFirst: true, bytes: megabyte },
  },
  'tcp-connect6': {
    network: { type: 'tcp', connect: '[::1]:7011' },
    ...{ bare: socat('FD:{fd}'), peer: 'TCP6-LISTEN:7011,bind=[::1]', peerFirst: true, bytes: megabyte },
  },
  'tcp-listen': {
    network: { type: 'tcp', listen: '127.0.0.1:7021' },
    ...{ bare: listener, peer: 'TCP4:127.0.0.1:7021', bytes: megabyte },
  },
  'tcp-listen6': {
    network: { type: 'tcp', listen: '[::1]:7021' },
    ...{ bare: listener, peer: 'TCP6:[::1]:7021', bytes: megabyte },
  },
};

const networks = Object.fromEntries(Object.entries(rows).map(([name, { network }]) => [name, network]));
const daemon = new Daemon(t, brokerConfig({ networks }));
await daemon.start();
const ports = async () => dataOf(await ask(daemon.socket, { verb: 'ports' }));

class Program {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  #got: Buffer[] = [];

  constructor(t: Test, [command = '', ...args]: readonly string[]) {
    const env = { PATH: process.env['PATH'], FDBROKER_SOCKET: daemon.socket };
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
    t.teardown(() => this.child.kill('SIGKILL'));
    this.child.stdin.on('error', () => undefined);
    this.child.stdout.on('data', (bytes: Buffer) => this.#got.push(bytes));
  }

  get got(): Buffer {
    return Buffer.concat(this.#got);
  }
}

/** Whether the kernel has a socket of that protocol on that port, and in that state. */
const has = (kind: 'udp' | 'listening', port: string) =>
  sh(`ss -Hn ${kind === 'udp' ? '-ua' : '-tl'} "sport = :${port}"`) !== '';

for (const [name, { network, bare, peer, peerFirst, bytes }] of Object.entries(rows)) {
  t.test(`${name}: bytes both ways`, async (t) => {
    const startPeer = () => new Program(t, socat(peer));
    const early = peerFirst ? startPeer() : undefined;
    if (early !== undefined) await until(() => has('listening', '7011'));
    const open = [process.execPath, program, 'open', `--network=${name}`, '--form=socket', '--'];
    const ours = new Program(t, [...open, ...bare]);
    await until(async () => (await ports()).length === 1);
    const theirs = early ?? startPeer();
    if (network['type'] === 'udp') await until(() => has('udp', '7002'));
    t.match(await ports(), [{ network: name, form: 'socket', ifname: null, holder: ours.child.pid }]);
    for (const [from, to] of [[ours, theirs] as const, [theirs, ours] as const]) {
      const sent = randomBytes(bytes);
      from.child.stdin.write(sent);
      await until(() => to.got.length >= bytes);
      t.ok(to.got.equals(sent), 'as they were sent');
    }
    ours.child.kill('SIGKILL');
    await until(async () => (await ports()).length === 0);
    const ended = () => daemon.audited().filter(({ event, network }) => event === 'ended' && network === name);
    await until(() => ended().length > 0);
    t.match(ended(), [{ holder: ours.child.pid, reason: 'its holder has ended' }]);
    theirs.child.kill('SIGKILL');
  });
}
