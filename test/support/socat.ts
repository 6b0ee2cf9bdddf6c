/** Bytes from one network stack to another by socat(1), and whether they come unchanged. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { sh } from './namespace.js';
import { temporaryFolder } from './temporary.js';
import { until } from './until.js';

/** Somebody on the network. */
export interface Place {
  readonly host: {
    /** What stands before a command that is to run in there. */
    readonly enter: readonly string[];
    run(command: string): string;
  };
  /** One of IPv6 in brackets. */
  readonly address: string;
}

/** The namespace that this process is in. */
export const here: Place['host'] = { enter: [], run: sh };

let port = 5000;

/** A file over TCP. */
export async function transfer(t: Test, from: Place, to: Place): Promise<void> {
  const { family, sent, received } = prepare(t, to);
  const bytes = randomBytes(20_000_000);
  writeFileSync(sent, bytes);
  const receiver = socat(t, to, '-u', `TCP${family}-LISTEN:${port}`, `CREATE:${received}`);
  await until(() => listens(to));
  const sender = socat(t, from, '-u', `OPEN:${sent}`, `TCP${family}:${to.address}:${port}`);
  t.same(await Promise.all([once(sender, 'exit'), once(receiver, 'exit')]), [
    [0, null],
    [0, null],
  ]);
  t.ok(readFileSync(received).equals(bytes), 'unchanged');
}

/** Datagrams of that size, as many as any buffer on the way takes. @param together how many the sender gives as one. */
export async function datagrams(t: Test, from: Place, to: Place, size: number, together = 1): Promise<void> {
  const { family, sent, received } = prepare(t, to);
  const bytes = randomBytes(size * 20);
  writeFileSync(sent, bytes);
  socat(t, to, '-u', '-b', '70000', `UDP${family}-RECV:${port}`, `CREATE:${received}`);
  await until(() => listens(to));
  const segments = together === 1 ? '' : `,setsockopt-int=17:103:${size}`;
  const target = `UDP${family}-SENDTO:${to.address}:${port}${segments}`;
  const sender = socat(t, from, '-u', '-b', String(size * together), `OPEN:${sent}`, target);
  t.same(await once(sender, 'exit'), [0, null]);
  await until(() => existsSync(received) && statSync(received).size === bytes.length);
  t.ok(readFileSync(received).equals(bytes), 'unchanged');
}

/** Whether somebody answers at an address of IPv4 (ARP), who is not known from before. */
export async function isAnswered(from: Place['host'], address: string): Promise<boolean> {
  from.run(`ip neigh flush to ${address}; echo hello | socat -u - UDP-SENDTO:${address}:9 || true`);
  let state = '';
  await until(() => {
    state = from.run(`ip neigh show ${address}`);
    return /lladdr|FAILED/.test(state);
  });
  return state.includes('lladdr');
}

function prepare(t: Test, { address }: Place) {
  port += 1;
  const folder = temporaryFolder(t);
  const family = address.startsWith('[') ? 6 : 4;
  return { family, sent: join(folder, 'sent'), received: join(folder, 'received') };
}

function listens({ host }: Place): boolean {
  return host.run('ss -Hlntu').includes(`:${port} `);
}

function socat(t: Test, { host }: Place, ...words: string[]): ChildProcess {
  const [program = '', ...args] = [...host.enter, 'socat', ...words];
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}
