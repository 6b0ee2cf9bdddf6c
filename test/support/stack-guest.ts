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
import { failing, hungUp, Poller } from '../../src/kernel/poller.js';
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
    private readonly child: ChildProcess,
  ) {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.faults.push(line));
  }

  /**
   * @param end of the form, a tap's without a header; it stays the caller's.
   * @param number the addresses are 10.0.0.N and fd00::N, of the wire 0 of far-end.ts.
   */
  static async start(t: Lifetime, end: OwnedFd, number: number, form: GuestForm = 'dgram'): Promise<StackGuest> {
    const place = await FarEnd.make(t);
    const own = [process.execPath, fileURLToPath(import.meta.url), String(number), form];
    const [program = '', ...args] = [...place.enter, ...own];
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

  /** Its end of the port is closed. */
  end(): void {
    this.child.kill('SIGKILL');
  }

  run(command: string): string {
    return this.place.run(command);
  }
}

/** What may lie behind the descriptor of a guest. */
type GuestForm = 'dgram' | 'stream' | 'tap';

const memory = Buffer.alloc(2000);
const io = new FrameIo([{ slots: frameBatch, room: 66_000 }]);

/** @returns what waits at the port, or of a tap one frame. */
function receiveAt(form: GuestForm): Buffer[] {
  if (form === 'tap') return [Buffer.from(memory.subarray(0, readSync(portFd, memory)))];
  const count = form === 'dgram' ? io.receive(portFd, 0, frameBatch, 0, 0) : io.receiveStream(portFd, 0, frameBatch);
  return Array.from({ length: Math.max(0, count) }, (_, slot) => {
    const at = io.start[slot] as number;
    return Buffer.from(io.bytesOf(slot).subarray(at, at + (io.length[slot] as number)));
  });
}

/** A stream waits for room, so that no frame is cut; else what there is no room for is lost, as on any wire. */
function sendTo(form: GuestForm, frame: Buffer): void {
  if (form === 'tap') writeSync(portFd, frame);
  else if (form === 'dgram') native.send(portFd, frame, new Int32Array());
  else {
    const bytes = Buffer.concat([Buffer.from([0, 0, frame.length >> 8, frame.length & 0xff]), frame]);
    for (let at = 0; at < bytes.length; ) at += writeSync(portFd, bytes, at);
  }
}

function serve(number: number, form: GuestForm): never {
  const kernel = createLinuxKernel()._unsafeUnwrap();
  const tap = kernel.openTap(ifname('eth0'), { vnetHdr: false, owner: 0 })._unsafeUnwrap().fd.fd;
  sh(`ip link set eth0 addrgenmode none address 02:00:00:00:01:${number.toString(16).padStart(2, '0')} up
    ip address add 10.0.0.${number}/24 dev eth0; ip address add fd00::${number}/64 dev eth0 nodad`);
  const poller = Poller.open()._unsafeUnwrap();
  for (const fd of [portFd, tap]) poller.add(fd, fd, false)._unsafeUnwrap();
  process.stdout.write('ready\n');
  for (;;) {
    const events = poller.wait(-1);
    for (let i = 0; i < events; i += 1) {
      const [fd, event] = [poller.ready[2 * i], poller.ready[2 * i + 1] as number];
      if (fd === tap) sendTo(form, Buffer.from(memory.subarray(0, readSync(tap, memory))));
      else if ((event & (hungUp | failing)) !== 0) process.exit();
      else {
        for (const frame of receiveAt(form)) {
          const fault = faultOf(frame, mtu);
          if (fault !== undefined) writeSync(1, `${fault}: ${frame.toString('hex')}\n`);
          writeSync(tap, frame);
        }
      }
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve(Number(process.argv[2]), process.argv[3] as GuestForm);
