/**
 * Why a SEQPACKET connect failed. node-unix-socket says "Unknown errno" whatever happened, so the kernel is asked again
 * with a stream socket: it looks at the path, its permissions and its listener before it finds that the type differs
 * (connect(2): EPROTOTYPE), and the broker notices nothing.
 */
import { lstatSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ClientError, Gate } from './error.js';

/** Bytes of the longest path: sun_path has 108 with its NUL (unix(7)). */
const longestPath = 107;

/** Checked before any connect, because libuv would shorten a long path and ask somebody else. */
export function refusePath(socket: string): ClientError | undefined {
  const bytes = Buffer.byteLength(socket);
  if (bytes === 0) return { tag: 'bad-path', what: 'is empty' };
  if (socket.includes('\0')) return { tag: 'bad-path', what: 'holds a NUL' };
  if (bytes > longestPath)
    return { tag: 'bad-path', what: `has ${bytes} bytes, and at most ${longestPath} are possible` };
  return undefined;
}

/** @returns undefined when a SEQPACKET socket is there: its backlog was full, and trying again is right. */
export async function diagnoseConnect(socket: string): Promise<ClientError | undefined> {
  const code = await streamConnectCode(socket);
  switch (code) {
    case 'EPROTOTYPE':
      return undefined;
    case undefined:
      return { tag: 'not-a-broker', socket, what: 'a stream socket listens there' };
    case 'ENOENT':
    case 'ENOTDIR':
      return { tag: 'no-broker', socket, reason: 'missing' };
    case 'ECONNREFUSED':
      return isSocket(socket)
        ? { tag: 'no-broker', socket, reason: 'dead' }
        : { tag: 'not-a-broker', socket, what: 'it is no socket' };
    case 'EACCES':
    case 'EPERM':
      return { tag: 'no-access', socket, gate: findGate(socket) };
    default:
      return { tag: 'sys', call: `connect to ${socket}`, code };
  }
}

/** The errno's name, or undefined when the connection came about. node:net is loaded here: others need not wait for it. */
async function streamConnectCode(socket: string): Promise<string | undefined> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const probe = connect(socket);
    probe.on('connect', () => {
      probe.destroy();
      resolve(undefined);
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

function isSocket(file: string): boolean {
  try {
    return statSync(file).isSocket();
  } catch {
    return false;
  }
}

/** The socket itself where it can be seen, else the innermost directory that can. */
function findGate(socket: string): Gate | undefined {
  for (let file = path.resolve(socket), last = ''; file !== last; last = file, file = path.dirname(file)) {
    try {
      const { uid, gid, mode } = lstatSync(file);
      return { path: file, uid, gid, mode: mode & 0o7777, directory: last !== '' };
    } catch {
      // Looks further up
    }
  }
  return undefined;
}
