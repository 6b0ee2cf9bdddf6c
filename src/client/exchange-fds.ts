/**
 * One message to the broker and one back with descriptors, which node-unix-socket cannot take: by the kernel layer. It
 * also loads in a third of the time, so programs that start others use nothing else.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { err, ok, type Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { connectSeqpacket, type Received, receive, send } from '../kernel/seqpacket.js';
import { readableBefore } from '../kernel/wait.js';
import { diagnoseConnect } from './diagnose.js';
import type { ClientError } from './error.js';

/** Milliseconds between two tries while the broker's backlog is full. */
const retryPause = 25;
/** SCM_MAX_FD of the kernel. */
const mostFds = 253;

export interface Answer {
  readonly bytes: Uint8Array;
  /** The caller's to close. */
  readonly fds: readonly OwnedFd[];
}

/**
 * @param carried descriptors that go with the message; they stay the caller's.
 * @param until milliseconds of performance.now() at which patience ends.
 * @param seconds of that patience, for the message.
 */
export async function exchangeFds(
  path: string,
  message: Buffer,
  carried: readonly number[],
  until: number,
  seconds: number,
): Promise<Result<Answer, ClientError>> {
  const connected = await connectBefore(path, until, seconds);
  if (connected.isErr()) return err(connected.error);
  using connection = connected.value;
  const sent = send(connection.fd, message, carried);
  // A broker that hung up may have said why ("busy")
  if (sent.isErr() && !isHangUp(sent.error)) return err(sysError(sent.error));
  if (!(await readableBefore(connection.fd, until))) {
    return err({ tag: 'timeout', socket: path, stage: 'reply', seconds });
  }
  const received = receiveLast(connection.fd);
  if (received.isErr()) {
    return err(isHangUp(received.error) ? { tag: 'closed', socket: path } : sysError(received.error));
  }
  if (received.value.tag !== 'message') return err({ tag: 'closed', socket: path });
  const { bytes, fds, truncated } = received.value;
  if (!truncated) return ok({ bytes, fds });
  for (const fd of fds) fd.close();
  const what = 'it is too long, or had more descriptors than this process may have (ulimit -n)';
  return err({ tag: 'garbage', socket: path, what });
}

async function connectBefore(path: string, until: number, seconds: number): Promise<Result<OwnedFd, ClientError>> {
  for (;;) {
    const connected = connectSeqpacket(path);
    if (connected.isOk()) return ok(connected.value);
    if (connected.error.code === 'EMFILE' || connected.error.code === 'ENFILE') return err(sysError(connected.error));
    const reason = await diagnoseConnect(path);
    if (reason !== undefined) return err(reason);
    if (performance.now() + retryPause >= until)
      return err({ tag: 'timeout', socket: path, stage: 'connect', seconds });
    await delay(retryPause);
  }
}

/** A peer that hung up with our message unread is told first, once; what it had sent comes after. */
function receiveLast(fd: number): Result<Received, SysError> {
  return receive(fd, mostFds).orElse((error) => (isHangUp(error) ? receive(fd, mostFds) : err(error)));
}

function isHangUp({ code }: SysError): boolean {
  return code === 'EPIPE' || code === 'ECONNRESET';
}

function sysError({ call, code }: SysError): ClientError {
  return { tag: 'sys', call, code };
}
