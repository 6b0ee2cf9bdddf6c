/** Pipes (pipe(7)): bytes go one way, and nothing else can: whoever reads has no means to send descriptors. */
import type { Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import { ownFd } from './close.js';
import { check } from './errno.js';
import { native } from './native.js';
import type { OwnedFd } from './owned-fd.js';

export interface Pipe {
  /** Blocking, close-on-exec. */
  readonly reader: OwnedFd;
  /** Non-blocking, close-on-exec. */
  readonly writer: OwnedFd;
}

/** Both ends are the caller's. */
export function openPipe(): Result<Pipe, SysError> {
  const ends = new Int32Array(2);
  return check('pipe2', native.openPipe(ends)).map(() => {
    const [reader = -1, writer = -1] = ends;
    return { reader: ownFd(reader), writer: ownFd(writer) };
  });
}
