/** Programs that the benchmarks start, and what /proc says of them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** @param name of a program or file in the build folder. */
export const built = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** Its output; throws with what it said when it fails. */
export function run(command: string, args: readonly string[]): string {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (done.status !== 0) throw new Error(`${command}: ${done.error?.message ?? done.stderr.trim()}`);
  return done.stdout;
}

/** As run, while this process goes on. */
export async function runAside(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

export function sh(script: string): string {
  return run('/bin/sh', ['-ec', `PATH=$PATH:/usr/sbin:/sbin; ${script}`]);
}

/** QEMU's own helper and its arguments but for --fd; undefined where it is not installed. */
export function peerHelper(bridge: string): readonly string[] | undefined {
  const places = ['/usr/lib/qemu', '/usr/libexec', '/usr/libexec/qemu'];
  const program = places.map((folder) => `${folder}/qemu-bridge-helper`).find(existsSync);
  return program === undefined ? undefined : [program, '--use-vnet', `--br=${bridge}`];
}

export interface Round {
  /** Milliseconds of each, in the order of the starts; of helpers, from fork to reaped. */
  readonly times: readonly number[];
  /** Closes what was received, and waits until that is done. */
  readonly release: () => Promise<void>;
}

/** Starts a helper `count` times, `together` at a time, and keeps what it sends. */
export function spawnHelpers(count: number, together: number, helper: readonly string[]): Promise<Round> {
  return timed('bench-spawn', [String(count), String(together), ...helper]);
}

/** A program of the bench that prints nanoseconds and an empty line, and keeps what it has until its input ends. */
export async function timed(program: string, args: readonly string[]): Promise<Round> {
  const child = spawn(built(program), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    text += chunk;
    if (text.endsWith('\n\n')) break;
  }
  if (!text.endsWith('\n\n')) throw new Error(`${program} ${args.join(' ')} failed`);
  const times = text.trim().split('\n');
  return { times: times.map((time) => Number(time) / 1e6), release: () => release(child, ended) };
}

async function release(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.stdin?.end();
  await ended;
}

/** Waits until a process has used no processor time for a while: until it is done with what came before. */
export async function untilQuiet(pid: number): Promise<void> {
  const used = () => readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0];
  for (let before: string | undefined; before !== used(); ) {
    before = used();
    await delay(100);
  }
}

/** Resident memory in MiB (proc(5), VmRSS). */
export function residentMemory(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

export const openDescriptors = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
