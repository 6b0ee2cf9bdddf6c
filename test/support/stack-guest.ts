/**
 * A guest without QEMU: the kernel's own network stack in a namespace, whose one interface is a tap without offloads, joined
 * to a guest's end of a port of the switch. Every frame that comes is looked at before the stack gets it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FrameIo, frameBatch } from '../../src/kernel/frame-io.js';
import { createLinuxKernel } from '../../src/kernel/linux.js';
import { native } from '../../src/kernel/native.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { Poller } from '../../src/kernel/poller.js';
import { FarEnd } from './far-end.js';
import { faultOf } from './frame-fault.js';
import { ifname } from './links.js';
import { sh } from './namespace.js';
import { type Lifetime, until } from './until.js';

const portFd = 3;
const mtu = 1500;

export class StackGuest {
  /** What was wrong with frames that came. */
  readonly faults: string[] = [];

  private constructor(
    private readonly place: FarEnd,
    child: ChildProcess,
  ) {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.faults.push(line));
  }

  /**
   * @param end of a SOCK_SEQPACKET pair; it stays the caller's.
   * @param number the addresses are 10.0.0.N and fd00::N, of the wire 0 of far-end.ts.
   */
  static async start(t: Lifetime, end: OwnedFd, number: number): Promise<StackGuest> {
    const place = await FarEnd.make(t);
    const [program = '', ...args] = [...place.enter, process.execPath, fileURLToPath(import.meta.url), String(number)];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit', end.fd] });
    t.teardown(() => child.kill('SIGKILL'));
    const guest = new StackGuest(place, child);
    await until(() => guest.faults.shift() === 'ready');
    return guest;
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
  const tap = kernel.openTap(ifname('eth0'), { vnetHdr: false, owner: 0 })._unsafeUnwrap().fd.fd;
  sh(`ip link set eth0 addrgenmode none address 02:00:00:00:01:${number.toString(16).padStart(2, '0')} up
    ip address add 10.0.0.${number}/24 dev eth0; ip address add fd00::${number}/64 dev eth0 nodad`);
  const io = new FrameIo([{ slots: frameBatch, room: 66_000 }]);
  const poller = Poller.open()._unsafeUnwrap();
  for (const fd of [portFd, tap]) poller.add(fd, fd, false)._unsafeUnwrap();
  const memory = Buffer.alloc(2000);
  process.stdout.write('ready\n');
  for (;;) {
    const events = poller.wait(-1);
    const count = io.receive(portFd, 0, frameBatch, 0, 0);
    for (let slot = 0; slot < count; slot += 1) {
      const at = io.start[slot] as number;
      const frame = Buffer.from(io.bytesOf(slot).subarray(at, at + (io.length[slot] as number)));
      if (frame.length === 0) process.exit();
      const fault = faultOf(frame, mtu);
      if (fault !== undefined) writeSync(1, `${fault}: ${frame.toString('hex')}\n`);
      writeSync(tap, frame);
    }
    // Reading the tap waits, so one frame at a time. What there is no room for is lost, as on any wire
    for (let i = 0; i < events; i += 1) {
      if (poller.ready[2 * i] === tap) native.send(portFd, memory.subarray(0, readSync(tap, memory)), new Int32Array());
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve(Number(process.argv[2]));
