/**
 * The character devices of macvtaps. The nodes of all namespaces' links are in one /dev, named by ifindex, so one that a
 * link of another namespace has already cannot be had: an ifindex is chosen whose node is free.
 */
import { randomInt } from 'node:crypto';
import { existsSync, openSync, readSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { err, ok, Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import { ownFd } from './close.js';
import { check, sysError } from './errno.js';
import { native } from './native.js';
import type { OwnedFd } from './owned-fd.js';

/** Above those that the kernel gives by itself, and of seven digits. */
const [least, most] = [1_000_000, 9_999_999];
/** A datagram of the kernel's, with what it says of one device. */
const room = 1 << 13;
/**
 * Bytes of the list of all locks: some thousand of them. Anybody can take any number, and the kernel's time to list them
 * grows with its square: 200,000 take seconds, in which nobody would be served.
 */
const mostOfLocks = 1 << 18;

export const nodePath = (ifindex: number): string => `/dev/tap${ifindex}`;

/** An ifindex whose node no link of any namespace has. */
export function freeIfindex(): number {
  let ifindex: number;
  do ifindex = randomInt(least, most + 1);
  while (existsSync(nodePath(ifindex)));
  return ifindex;
}

/** Is told of devices from when it is made. */
export class DeviceEvents implements Disposable {
  readonly #fd: OwnedFd;

  private constructor(fd: OwnedFd) {
    this.#fd = fd;
  }

  static open(): Result<DeviceEvents, SysError> {
    return check('socket (NETLINK_KOBJECT_UEVENT)', native.ueventOpen()).map((fd) => new DeviceEvents(ownFd(fd)));
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }

  /** The numbers of a link's character device, made since: the kernel has told when it acknowledges the link. */
  deviceOf(name: string, ifindex: number): Result<{ major: number; minor: number }, SysError> {
    const buffer = Buffer.alloc(room);
    for (;;) {
      const got = native.netlinkReceive(this.#fd.fd, buffer);
      if (got < 0) {
        const code = got === -constants.errno.EAGAIN ? -constants.errno.ENODEV : got;
        return err(sysError('uevent', code, `no character device of ${name} was told of`));
      }
      const [title, ...lines] = buffer.toString('latin1', 0, Math.min(got, room)).split('\0');
      if (title?.startsWith('add@') !== true || !title.endsWith(`/${name}/macvtap/tap${ifindex}`)) continue;
      const number = (key: string) => Number(lines.find((line) => line.startsWith(key))?.slice(key.length));
      const [major, minor] = [number('MAJOR='), number('MINOR=')];
      if (Number.isInteger(major) && Number.isInteger(minor)) return ok({ major, minor });
    }
  }
}

/**
 * Those of the links whose node has no lock on it (proc_locks(5)). Each descriptor has one that goes with its last copy,
 * whoever holds that: a broker that was started since can tell, too. EFBIG when there are too many locks to look.
 */
export function unlockedNodes(ifindexes: readonly number[], list = '/proc/locks'): Result<number[], SysError> {
  return readLocks(list).map((locks) => {
    const locked = new Set(locks.match(/[0-9a-f]+:[0-9a-f]+:\d+(?= 0 EOF)/g));
    return ifindexes.filter((ifindex) => {
      const node = statSync(nodePath(ifindex), { throwIfNoEntry: false });
      return node !== undefined && !locked.has(lockedAs(node.dev, node.ino));
    });
  });
}

/** As /proc/locks names a file: its device's numbers in hexadecimal, and its inode's. */
function lockedAs(device: number, inode: number): string {
  const hex = (number: number) => number.toString(16).padStart(2, '0');
  // gnu_dev_major(3): a device of files has numbers of 12 and 20 bits
  return `${hex((device >>> 8) & 0xfff)}:${hex((device & 0xff) | ((device >>> 12) & 0xfff00))}:${inode}`;
}

/** @returns undefined: there is more than {@link mostOfLocks}. */
const readMost = Result.fromThrowable(
  (file: string) => {
    using fd = ownFd(openSync(file, 'r'));
    const bytes = Buffer.alloc(mostOfLocks);
    let [size, got] = [0, 0];
    do {
      got = readSync(fd.fd, bytes, size, bytes.length - size, null);
      size += got;
    } while (got > 0);
    return size < bytes.length ? bytes.toString('latin1', 0, size) : undefined;
  },
  (error) => sysError('read /proc/locks', (error as NodeJS.ErrnoException).errno ?? -constants.errno.EIO),
);

function readLocks(file: string): Result<string, SysError> {
  const tooMany = () => err(sysError('read /proc/locks', -constants.errno.EFBIG));
  return readMost(file).andThen((text) => (text === undefined ? tooMany() : ok(text)));
}
