/**
 * The descriptors that whoever started this process meant it to have. Node makes them close-on-exec as it starts
 * (uv_disable_stdio_inheritance), so a program that this process becomes would lose them. Guessed by their kind, for a
 * process without the launcher's word for it (beginning.ts).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

interface Descriptor {
  readonly fd: number;
  /** As proc(5) names what it is. */
  readonly target: string;
  /** Flags as of open(2). */
  readonly flags: number;
}

/** The event loops' own; a program that hands one down to another is yet to be met. */
const ofNode = /^anon_inode:\[(eventpoll|eventfd|io_uring)\]$/;
const accessMode = 0o3;
const readOnly = 0;

/**
 * To be called before anything is opened. Standard input, output and error are not among them. A pipe of which both
 * ends are here is Node's.
 */
export function inheritedFds(): number[] {
  const all = openDescriptors();
  const isRead = ({ flags }: Descriptor) => (flags & accessMode) === readOnly;
  const isPair = (one: Descriptor) =>
    one.target.startsWith('pipe:') && all.some((other) => other.target === one.target && isRead(other) !== isRead(one));
  return all.filter((one) => one.fd > 2 && !ofNode.test(one.target) && !isPair(one)).map(({ fd }) => fd);
}

/** Where there is no proc(5) there are none. */
function openDescriptors(): Descriptor[] {
  try {
    const numbers = readdirSync('/proc/self/fd').map(Number);
    return numbers.sort((a, b) => a - b).flatMap(describe);
  } catch {
    return [];
  }
}

/** The one by which they were listed is closed by now. */
function describe(fd: number): Descriptor[] {
  try {
    const [, flags = '0'] = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
    return [{ fd, target: readlinkSync(`/proc/self/fd/${fd}`), flags: Number.parseInt(flags, 8) }];
  } catch {
    return [];
  }
}
