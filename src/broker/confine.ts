/**
 * Puts the broker in its place before any client can reach it: the V8 flags that let it run without executable memory
 * of its own making, no capability but the two it needs, and no way to gain another.
 *
 * Both need a fresh start of the program: V8 reads its flags once, and capabilities belong to threads, of which Node
 * has many. So the program binds its socket with what privileges it was given, and then execs itself with the socket
 * and its lock inherited.
 */
import { readFileSync } from 'node:fs';
import type { Result } from 'neverthrow';
import { describeSysError } from '../core/sys-error.js';
import { closeOnExec, execInPlace, keepOnExec, limitCapabilities, networkCapabilities } from '../kernel/process.js';
import { adoptListener, ownFd } from '../kernel/seqpacket.js';
import type { ControlSocket } from './control-socket.js';
import type { Refusal } from './socket-lock.js';

/** The measurements behind them are in docs/decisions/0002-v8-flags.md. */
const flags = ['--jitless', '--no-expose-wasm', '--max-semi-space-size=1'];
/** How the program tells itself, across exec, which descriptors are the socket and its lock. */
const variable = 'FDBROKERD_INHERITED';

/** Whether this process runs with the flags, has no capability beyond the two, and can gain none. */
export function isConfined(): boolean {
  const status = readFileSync('/proc/self/status', 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
  const permitted = BigInt(`0x${field('CapPrm')}`);
  const flagged = flags.every((flag) => process.execArgv.includes(flag));
  return flagged && field('NoNewPrivs') === '1' && (permitted & ~BigInt(networkCapabilities)) === 0n;
}

/**
 * Starts the program anew, confined. Returns only when that fails, with the reason.
 *
 * @param args what the program was called with.
 */
export function confine(socket: ControlSocket, args: readonly string[]): Refusal {
  const { listener, lock, path, bound } = socket;
  for (const fd of [listener.fd, lock.fd]) {
    const kept = keepOnExec(fd);
    if (kept.isErr()) return describeSysError(kept.error);
  }
  const limited = limitCapabilities(networkCapabilities);
  if (limited.isErr()) return `cannot give up privileges: ${describeSysError(limited.error)}`;
  const { LISTEN_FDS: _fds, LISTEN_PID: _pid, LISTEN_FDNAMES: _names, ...environment } = process.env;
  environment[variable] = JSON.stringify({ listener: listener.fd, lock: lock.fd, path, bound });
  const program = process.argv[1] as string;
  const failed = execInPlace(process.execPath, [process.execPath, ...flags, program, ...args], environment);
  return `cannot start ${process.execPath}: ${describeSysError(failed)}`;
}

/** The socket that this program bound before it confined itself; undefined when it did not. */
export function inheritedSocket(): Result<ControlSocket, Refusal> | undefined {
  const text = process.env[variable];
  delete process.env[variable];
  if (text === undefined) return undefined;
  const { listener, lock, path, bound } = JSON.parse(text);
  // A switch that had the lock as well would hold it for longer than this broker lives
  return closeOnExec(lock)
    .andThen(() => adoptListener(listener))
    .map((adopted) => ({ listener: adopted, lock: ownFd(lock), path, bound }))
    .mapErr(describeSysError);
}
