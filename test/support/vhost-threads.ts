/** What /proc tells of a QEMU that has vhost-net: its descriptors, and the threads that the kernel runs for them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** How many descriptors of /dev/vhost-net a process has. */
export function vhostDescriptors(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return namesIn(folder).filter((fd) => found(() => readlinkSync(`${folder}/${fd}`)) === '/dev/vhost-net').length;
}

/**
 * How often each thread that moves frames for a process was woken so far, by thread. They are the kernel's own up to
 * Linux 6.3, and the process's later.
 */
export function vhostWakings(pid: number): Map<number, number> {
  const wakings = new Map<number, number>();
  for (const process of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const thread of namesIn(`/proc/${process}/task`)) {
      const status = found(() => readFileSync(`/proc/${process}/task/${thread}/status`, 'utf8'));
      if (!status?.startsWith(`Name:\tvhost-${pid}\n`)) continue;
      wakings.set(Number(thread), Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]));
    }
  }
  return wakings;
}

const namesIn = (folder: string) => found(() => readdirSync(folder)) ?? [];

/** undefined: it has ended meanwhile. */
function found<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
