/**
 * One message to the broker and one back, over node-unix-socket. What that package demands, each found by experiment:
 *
 * - destroy() inside a 'data' event aborts the process; here it runs in a setImmediate of its own.
 * - write() before the 'connect' event is sent, and then neither 'connect' nor 'data' ever comes.
 * - An 'error' without a listener ends the process; one is on every socket from the start.
 * - connect() throws at once, for want of an errno with the text "Unknown errno" (diagnose.ts finds it).
 * - A socket keeps the process alive until it is destroyed, also when the other end is gone.
 */

import { err, ok, Result } from 'neverthrow';
import { SeqpacketSocket } from 'node-unix-socket';
import { maxMessage } from '../protocol/message.js';
import { diagnoseConnect } from './diagnose.js';
import type { ClientError } from './error.js';

/** Milliseconds between two tries while the broker's backlog is full. */
const retryPause = 25;

/**
 * @param until milliseconds of performance.now() at which patience ends.
 * @param seconds of that patience, for the message.
 * @returns the bytes of the answer, which the caller owns.
 */
export async function exchange(
  path: string,
  message: Buffer,
  until: number,
  seconds: number,
): Promise<Result<Buffer, ClientError>> {
  for (;;) {
    const socket = startConnect();
    if (socket.isOk() && tryConnect(socket.value, path)) return converse(socket.value, path, message, until, seconds);
    const reason = await diagnoseConnect(path);
    if (reason !== undefined) return err(reason);
    if (performance.now() + retryPause >= until)
      return err({ tag: 'timeout', socket: path, stage: 'connect', seconds });
    await new Promise((resolve) => setTimeout(resolve, retryPause));
  }
}

const startConnect = Result.fromThrowable(() => {
  const socket = new SeqpacketSocket();
  socket.on('error', () => {});
  return socket;
});

function tryConnect(socket: SeqpacketSocket, path: string): boolean {
  try {
    // One byte more than is allowed, so that a longer answer is seen to be longer
    socket.setInternalReadBufferSize(maxMessage + 1);
    socket.connect(path);
    return true;
  } catch {
    setImmediate(() => destroy(socket));
    return false;
  }
}

function converse(
  socket: SeqpacketSocket,
  path: string,
  message: Buffer,
  until: number,
  seconds: number,
): Promise<Result<Buffer, ClientError>> {
  return new Promise((resolve) => {
    let settled = false;
    let connected = false;
    const settle = (result: Result<Buffer, ClientError>) => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      setImmediate(() => {
        destroy(socket);
        resolve(result);
      });
    };
    const deadline = setTimeout(
      () => settle(err({ tag: 'timeout', socket: path, stage: connected ? 'reply' : 'connect', seconds })),
      Math.max(0, until - performance.now()),
    );
    const closed = () => settle(err({ tag: 'closed', socket: path }));
    socket.on('error', closed);
    socket.on('end', closed);
    socket.on('close', closed);
    socket.on('data', (bytes: Buffer) => settle(ok(Buffer.from(bytes))));
    socket.on('connect', () => {
      connected = true;
      // One turn later, so that a broker that answered "busy" and closed is heard before the write fails
      setImmediate(() =>
        setImmediate(() => {
          if (!settled) write(socket, message, closed);
        }),
      );
    });
  });
}

function write(socket: SeqpacketSocket, message: Buffer, failed: () => void): void {
  try {
    socket.write(message);
  } catch {
    failed();
  }
}

/** Idempotent. What it throws when the socket is gone already tells nothing. */
function destroy(socket: SeqpacketSocket): void {
  try {
    socket.destroy();
  } catch {
    // Gone
  }
}
