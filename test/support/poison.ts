/** Descriptors that block whoever closes them (poison.c), and the children that close them. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Test } from 'tap';
import { receive, send, socketPair } from '../../src/kernel/seqpacket.js';
import { inProject } from './project.js';
import { temporaryFolder } from './temporary.js';

export interface Poison {
  /** The caller's to close. */
  readonly fds: number[];
  /** Ends what makes them poison: the last one is closed soon after. */
  letGo(): Promise<void>;
}

/** What the kinds are is told in poison.c. */
export type PoisonKind = 'tcp' | 'nested' | 'fuse';

/** @returns a sentence when this kind cannot be had here. */
export async function brew(t: Test, kind: PoisonKind, count: number): Promise<Poison | string> {
  const folder = temporaryFolder(t);
  const program = join(temporaryFolder(t), 'poison');
  execFileSync('cc', ['-D_GNU_SOURCE', '-o', program, inProject('test/support/poison.c')]);
  const [ours, its] = socketPair('seqpacket')._unsafeUnwrap();
  const words = [kind, String(count), ...(kind === 'fuse' ? [folder] : [])];
  const process = spawn(program, words, { stdio: ['ignore', 'inherit', 'inherit', its.fd] });
  its.close();
  const ended = once(process, 'exit');
  const fds: number[] = [];
  for (;;) {
    const received = receive(ours.fd, 1)._unsafeUnwrap();
    if (received.tag === 'nothing') await turn();
    else if (received.tag === 'end') break;
    else if (received.fds[0] !== undefined) fds.push(received.fds[0].release());
    else {
      const letGo = async () => {
        if (ours.open) send(ours.fd, Buffer.from('x'), [])._unsafeUnwrap();
        ours.close();
        await ended;
      };
      t.teardown(letGo);
      return { fds, letGo };
    }
  }
  ours.close();
  const [status] = await ended;
  if (status === 77) return 'a FUSE file system cannot be mounted: run as root, with /dev/fuse ("modprobe fuse")';
  throw new Error(`poison ended with status ${status}`);
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Waits for what is to come; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  // Looking has its price, and others need the processor as well.
  while (!condition()) await setTimeout(2);
}

export interface Child {
  readonly pid: number;
  /** A letter, as of proc(5). */
  readonly state: string;
}

/** The closers' children of a process, zombies among them. */
export function closersOf(parent = process.pid): Child[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.flatMap((name) => {
    const status = statusOf(name);
    const field = (key: string) => new RegExp(`^${key}:\\s*(\\S+)`, 'm').exec(status)?.[1];
    const ours = field('PPid') === String(parent) && field('Name') === 'fdbroker-closer';
    return ours ? [{ pid: Number(name), state: field('State') ?? '' }] : [];
  });
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
