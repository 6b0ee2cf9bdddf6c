/** The generator and the sink (switch-load.c) on both sides of a switch. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { built } from '../commands.js';
import type { Side } from './sides.js';

export interface Traffic {
  /** Bytes of a frame. */
  readonly size: number;
  /** Of a port to its neighbour, with pairs of ports of their own. */
  readonly flows: number;
  /** Behind each port. */
  readonly addresses: number;
  /** Ports that are used, from the first on. */
  readonly ports: number;
}

export interface Rate {
  /** Frames a second that arrived. */
  readonly arrived: number;
  /** Nanoseconds of processor time of the switch, all its threads, for each frame that arrived. */
  readonly cost: number;
}

function command(mode: string, side: Side, traffic: Traffic, amount: number, first = 0) {
  const { size, ports, flows, addresses } = traffic;
  const args = [mode, ...[size, ports, flows, addresses, first, amount, side.pid].map(String)];
  const inherit = (fds: readonly number[]): ('ignore' | 'inherit' | 'pipe' | number)[] => [
    'ignore',
    'pipe',
    'inherit',
    ...fds,
  ];
  return typeof side.ends === 'string'
    ? { args: [...args, side.ends], stdio: inherit([]) }
    : { args, stdio: inherit(side.ends.slice(first, first + ports).map(({ fd }) => fd)) };
}

function run(mode: string, side: Side, traffic: Traffic, amount: number): string {
  const { args, stdio } = command(mode, side, traffic, amount);
  const { status, stdout } = spawnSync(built('bench-switch-load'), args, { stdio, encoding: 'utf8', timeout: 30_000 });
  if (status !== 0) throw new Error(`bench-switch-load ${args.join(' ')} with ${side.name} failed`);
  return stdout;
}

/** As many frames as go, for some milliseconds. */
export function measureRate(side: Side, traffic: Traffic, milliseconds: number): Rate {
  const [arrived = 0, nanoseconds = 0, used = 0] = run('rate', side, traffic, milliseconds).split(' ').map(Number);
  if (arrived === 0) throw new Error(`${side.name}: no frame arrives`);
  return { arrived: (arrived / nanoseconds) * 1e9, cost: used / arrived };
}

/** @returns microseconds of each of `frames` that went through one after another, from the first port to the second. */
export function measureLatency(side: Side, size: number, frames: number): number[] {
  const traffic = { size, flows: 1, addresses: 1, ports: 2 };
  const lines = run('latency', side, traffic, frames).trim().split('\n');
  return lines.map((line) => Number(line) / 1000);
}

/** 100,000 frames a second from the third port to the fourth, until it is disposed of. */
export function load(side: Side, size: number): AsyncDisposable {
  const { args, stdio } = command('pace', side, { size, flows: 1, addresses: 1, ports: 2 }, 1_000_000, 2);
  const child: ChildProcess = spawn(built('bench-switch-load'), args, { stdio });
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
