/**
 * A guest without QEMU whose port is a tap: the kernel's own network stack in a namespace, whose one interface has every
 * offload, as a virtio NIC's driver has, and whose frames go to and from the port's tap as they are.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FrameIo, frameBatch } from '../../src/kernel/frame-io.js';
import { createLinuxKernel } from '../../src/kernel/linux.js';
import { native } from '../../src/kernel/native.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { Poller } from '../../src/kernel/poller.js';
import { vnetHeaderLength } from '../../src/switch/offload/vnet-header.js';
import { FarEnd } from './far-end.js';
import { ifname } from './links.js';
import { sh } from './namespace.js';
import type { Lifetime } from './until.js';

const portFd = 3;

export class TapGuest {
  private constructor(
    private readonly place: FarEnd,
    readonly child: ChildProcess,
  ) {}

  /**
   * @param tap with virtio-net headers; it stays the caller's.
   * @param number the addresses are 10.0.0.N and fd00::N.
   */
  static async start(t: Lifetime, tap: OwnedFd, number: number): Promise<TapGuest> {
    const place = await FarEnd.make(t);
    const [program = '', ...args] = [...place.enter, process.execPath, fileURLToPath(import.meta.url), String(number)];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit', tap.fd] });
    t.teardown(() => child.kill('SIGKILL'));
    const words = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    await new Promise((resolve) => words.once('line', resolve));
    return new TapGuest(place, child);
  }

  /** What stands before a command that is to run in there. */
  get enter(): readonly string[] {
    return this.place.enter;
  }

  run(command: string): string {
    return this.place.run(command);
  }
}

function serve(number: number): never {
  const kernel = createLinuxKernel()._unsafeUnwrap();
  const own = kernel.hostTaps.open(ifname('eth0'))._unsafeUnwrap().fd.fd;
  sh(`ip link set eth0 addrgenmode none address 02:00:00:00:01:${number.toString(16).padStart(2, '0')} up
    ip address add 10.0.0.${number}/24 dev eth0; ip address add fd00::${number}/64 dev eth0 nodad`);
  if (native.tunCarry(portFd) < 0) throw new Error('the port is no tap');
  const io = new FrameIo([{ slots: frameBatch, room: 66_000 }]);
  const slots = Int32Array.from({ length: frameBatch }, (_, slot) => slot);
  const poller = Poller.open()._unsafeUnwrap();
  for (const fd of [portFd, own]) poller.add(fd, fd, false)._unsafeUnwrap();
  process.stdout.write('ready\n');
  for (;;) {
    poller.wait(-1);
    for (const [from, to] of [
      [portFd, own],
      [own, portFd],
    ] as const) {
      const count = io.read(from, 0, frameBatch, vnetHeaderLength);
      if (count > 0) io.write(to, slots, count, vnetHeaderLength);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve(Number(process.argv[2]));
