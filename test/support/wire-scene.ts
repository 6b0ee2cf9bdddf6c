/** A switch on one end of a wire of veth, turn by turn; a test is at the wire's other end, and at those of its guests. */
import { writeSync } from 'node:fs';
import type { Test } from 'tap';
import { ownFd } from '../../src/kernel/close.js';
import { FrameIo, frameBatch, withTag } from '../../src/kernel/frame-io.js';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import { native } from '../../src/kernel/native.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { Poller } from '../../src/kernel/poller.js';
import { vnetHeaderLength } from '../../src/switch/offload/vnet-header.js';
import { Switch, type SwitchPort } from '../../src/switch/switch.js';
import { DgramPort, StreamPort } from '../../src/switchd/guest-port.js';
import { Loop } from '../../src/switchd/loop.js';
import { PacketPort } from '../../src/switchd/packet-port.js';
import { ipLink } from './links.js';
import { sh } from './namespace.js';
import { until } from './until.js';

const options: SwitchPort = {
  ...{ network: 0, uplink: false, isolated: false, locked: false },
  ...{ maxAddresses: 100, maxFrame: 1522, floodRate: Number.POSITIVE_INFINITY, addresses: [] },
};
/** The uplink's number. */
export const wire = 9;

/** A switch on one end of a wire, and a socket at the other that writes and reads frames with a virtio-net header. */
export class WireScene {
  readonly it = new Switch({ ports: 64, addresses: 1024, ageing: 300 });
  readonly far: OwnedFd;
  readonly ended: number[] = [];
  readonly #loop: Loop;
  readonly #sockets = new LinuxSockets();
  readonly #t: Test;
  readonly #vlan: number | undefined;

  /** @param addresses the uplink's own. */
  constructor(t: Test, vlan?: number, addresses: readonly Uint8Array[] = []) {
    this.#t = t;
    this.#vlan = vlan;
    t.teardown(() => this.#sockets[Symbol.dispose]());
    sh('ip link add near type veth peer name far; ip link set near addrgenmode none up');
    sh('ip link set far addrgenmode none up');
    t.teardown(() => sh('ip link del near 2>/dev/null || true'));
    const poller = Poller.open()._unsafeUnwrap();
    t.teardown(() => poller[Symbol.dispose]());
    this.#loop = new Loop(this.it, poller, { ended: (port) => this.ended.push(port) });
    const near = this.#open('near');
    this.far = this.#open('far');
    native.neverWait(this.far.fd);
    const uplink = { ...options, uplink: true, addresses };
    t.ok(this.#loop.plug(wire, uplink, new PacketPort(near.fd, options.maxFrame, vlan)));
  }

  #open(name: string): OwnedFd {
    const socket = this.#sockets.openPacketUplink(ipLink(name).ifindex, 1 << 22)._unsafeUnwrap();
    this.#t.teardown(() => socket.close());
    return socket;
  }

  /** @param stream false: it gets one frame a message. @returns the guest's end. */
  guest(port: number, stream = false, maxFrame = options.maxFrame): number {
    const ends = new Int32Array(2);
    native.socketPair(stream ? 'stream' : 'seqpacket', ends);
    const [ours, theirs] = [ownFd(ends[0] as number), ownFd(ends[1] as number)];
    native.sendBuffer(ours.fd, 1 << 20);
    this.#t.teardown(() => {
      ours.close();
      theirs.close();
    });
    const io = stream ? new StreamPort(ours.fd, maxFrame) : new DgramPort(ours.fd, maxFrame);
    this.#t.ok(this.#loop.plug(port, { ...options, untagged: this.#vlan !== undefined }, io));
    return theirs.fd;
  }

  /** A wire that carries frames, whose interfaces are called near and far. */
  static async make(...[t, vlan, addresses]: ConstructorParameters<typeof WireScene>): Promise<WireScene> {
    const scene = new WireScene(t, vlan, addresses);
    await until(() => ['near', 'far'].every((name) => ipLink(name).operstate === 'UP'));
    return scene;
  }

  /** The far end sends, and the switch has had it when this resolves. @param bytes a frame behind its virtio-net header. */
  async send(bytes: Uint8Array): Promise<void> {
    const count = () => this.it.counters.of(wire).rxFrames;
    const before = count();
    this.write(bytes);
    await until(() => {
      this.turn();
      return count() > before;
    });
  }

  /** The far end sends what may be lost. */
  write(bytes: Uint8Array): void {
    writeSync(this.far.fd, bytes);
  }

  turn(): void {
    this.#loop.turn(() => {}, false);
  }

  /** The next frames that the far end gets, each behind its header, with the tag that the kernel has put beside it. */
  async onWire(count: number): Promise<Buffer[]> {
    const frames: Buffer[] = [];
    await until(() => {
      frames.push(...this.readWire());
      return frames.length >= count;
    });
    return frames;
  }

  /** Those that are there by now. */
  readWire(): Buffer[] {
    const count = Math.max(0, onWire.receive(this.far.fd, 0, frameBatch, vnetHeaderLength, withTag));
    return Array.from({ length: count }, (_, slot) => {
      const [at, tag] = [onWire.start[slot] as number, onWire.tag[slot] as number];
      const bytes = onWire.bytesOf(slot).slice(at - vnetHeaderLength, at + (onWire.length[slot] as number));
      const there = tag === 0 ? [] : [tag >>> 24, tag >>> 16, tag >>> 8, tag];
      const type = vnetHeaderLength + 12;
      return Buffer.concat([bytes.subarray(0, type), Buffer.from(there), bytes.subarray(type)]);
    });
  }

  get drops() {
    return this.it.counters.of(wire).drops;
  }
}

const onWire = new FrameIo([{ slots: frameBatch, room: 66_000 }]);
const memory = Buffer.alloc(70_000);
/** A frame behind a virtio-net header that leaves nothing to be done. */
export const plain = (bytes: Uint8Array) => Buffer.concat([Buffer.alloc(vnetHeaderLength), bytes]);

function all(read: () => Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (;;) {
    try {
      const one = read();
      if (one.length === 0) return frames;
      frames.push(one);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return frames;
      throw error;
    }
  }
}

/** All frames that a guest has got. */
export function got(fd: number): Buffer[] {
  return all(() => Buffer.from(memory.subarray(0, Math.max(0, native.receive(fd, memory, new Int32Array(255))))));
}

/** The same of a stream. */
export function gotByStream(fd: number): Buffer[] {
  const bytes = Buffer.concat(got(fd));
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at))
    frames.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)));
  return frames;
}
