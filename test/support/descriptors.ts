/** Looks at this process's descriptors, and limits them. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** How many are open. */
export function openFds(): number {
  // Reading the folder takes one that is in the list.
  return readdirSync('/proc/self/fd').length - 1;
}

/** How many of them are of taps, or could be: of /dev/net/tun. */
export function openTunFds(): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // The one by which the folder was read
    }
  });
  return targets.filter((target) => target === '/dev/net/tun').length;
}

/** Waits until no more than `count` are: what came from a peer is closed elsewhere, a moment later (closeLater). */
export async function untilOpenFds(count: number): Promise<void> {
  while (openFds() > count) await setTimeout(1);
}

/** O_CLOEXEC of open(2), which Node does not name, and O_NONBLOCK. */
export const [closeOnExec, nonBlocking] = [0o2000000, constants.O_NONBLOCK];

/** Flags as of open(2), O_CLOEXEC among them (proc(5), fdinfo). */
export function flagsOf(fd: number): number {
  return Number.parseInt(/^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8);
}

/** What it is, as `socket:[4242]`. */
export function targetOf(fd: number): string {
  return readlinkSync(`/proc/self/fd/${fd}`);
}

/** Runs `body` while this process may have `limit` descriptors. */
export function withFdLimit(limit: number, body: () => void): void {
  const [, before = ''] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  setFdLimit(String(limit));
  try {
    body();
  } finally {
    setFdLimit(before);
  }
}

/** Runs `body` while all descriptors but `left` are in use. */
export function withFdsLeft(left: number, body: () => void): void {
  withFdLimit(256, () => {
    const filler = fill();
    for (const fd of filler.splice(0, left)) closeSync(fd);
    try {
      body();
    } finally {
      for (const fd of filler) closeSync(fd);
    }
  });
}

function fill(): number[] {
  const taken: number[] = [];
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch {
      return taken;
    }
  }
}

function setFdLimit(soft: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${soft}:`]);
}
