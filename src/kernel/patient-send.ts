/** Sending more than lies in a socket to a process that is reading. */
import { performance } from 'node:perf_hooks';
import type { Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import { send } from './seqpacket.js';

const sleep = new Int32Array(new SharedArrayBuffer(4));

/**
 * As send(), but as long as the peer's socket is full it waits, and the whole thread with it.
 *
 * @param until when that is an error after all, EAGAIN, of the clock of performance.now().
 */
export function sendUntil(
  until: number,
  fd: number,
  bytes: Uint8Array,
  fds: readonly number[],
): Result<void, SysError> {
  for (;;) {
    const sent = send(fd, bytes, fds);
    if (sent.isOk() || sent.error.code !== 'EAGAIN' || performance.now() >= until) return sent;
    Atomics.wait(sleep, 0, 0, 1);
  }
}
