/** How the kernel treats a thread that must not wait: sched(7), mlock(2). Each is off unless it is asked for. */
import { err, ok, type Result } from 'neverthrow';
import { describeSysError, type SysError } from '../core/sys-error.js';
import { check } from './errno.js';
import { native } from './native.js';

export interface Realtime {
  /** Numbers of the processors that the thread may run on; left out: all. */
  readonly processors?: readonly number[];
  /** Of SCHED_FIFO, 1 to 99: it runs before every ordinary thread; left out: it is one. */
  readonly priority?: number;
  /** Whether the process's memory is never paged out. */
  readonly lockMemory: boolean;
}

/** Applies it to the calling thread. The error is a sentence that says what is missing. */
export function applyRealtime({ processors, priority, lockMemory }: Realtime): Result<void, string> {
  const steps: (() => Result<unknown, string>)[] = [
    () => (lockMemory ? explained(check('mlockall', native.lockMemory()), 'raise LimitMEMLOCK (ulimit -l)') : ok()),
    () =>
      processors === undefined
        ? ok()
        : explained(check('sched_setaffinity', native.pinThread(Int32Array.from(processors))), 'see nproc --all'),
    () =>
      priority === undefined
        ? ok()
        : explained(check('sched_setscheduler', native.scheduleThread(priority)), 'raise LimitRTPRIO (ulimit -r)'),
  ];
  for (const step of steps) {
    const done = step();
    if (done.isErr()) return err(done.error);
  }
  return ok();
}

function explained(result: Result<unknown, SysError>, remedy: string): Result<unknown, string> {
  return result.mapErr((error) => `${describeSysError(error)}; ${remedy}`);
}
