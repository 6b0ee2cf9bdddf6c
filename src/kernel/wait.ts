/** Waits for one descriptor, for clients: a program that serves many has a Watch of its own. */
import { Watch } from './watch.js';

/**
 * Whether `fd` can be read, or has hung up, before `until`.
 *
 * @param fd stays the caller's.
 * @param until milliseconds of performance.now().
 */
export async function readableBefore(fd: number, until: number): Promise<boolean> {
  using watch = new Watch();
  let timer: NodeJS.Timeout | undefined;
  const readable = await new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, until - performance.now()));
    const added = watch.add(fd, { read: true }, () => resolve(true));
    // What cannot be watched tells why when it is read
    if (added.isErr()) resolve(true);
  });
  clearTimeout(timer);
  return readable;
}
