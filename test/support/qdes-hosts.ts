/** Hosts on one bridge, each a network namespace with a broker of its own, and what goes over their wires. */
import { setTimeout as delay } from 'node:timers/promises';
import { FrameIo } from '../../src/kernel/frame-io.js';
import { native } from '../../src/kernel/native.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import { ask } from './ask.js';
import { Daemon } from './daemon.js';
import { FarEnd } from './far-end.js';
import { ipLink } from './links.js';
import { sh } from './namespace.js';
import { name } from './policy.js';
import type { Lifetime } from './until.js';

/** The interface of every host that leads to the others. */
export const hostInterface = 'eth0';

/** @param network lines of each section, by its name. */
export function qdesConfig(networks: Readonly<Record<string, readonly string[]>>): string {
  const sections = Object.entries(networks).map(([network, lines]) =>
    [`[network ${network}]`, 'type = qdes', `interface = ${hostInterface}`, ...lines].join('\n'),
  );
  const names = Object.keys(networks).map((network) => `network[] = ${network}`);
  return [...sections, '[rule all]', 'effect = allow', 'user[] = *', 'max-ports = 2000', ...names, ''].join('\n');
}

export class QdesHost {
  private constructor(
    private readonly test: Lifetime,
    readonly number: number,
    readonly far: FarEnd,
    readonly daemon: Daemon,
  ) {}

  /** The host's broker serves; the first host makes the bridge. @param number from 1 on. */
  static async start(t: Lifetime, number: number, config: string): Promise<QdesHost> {
    if (number === 1) sh('ip link add br0 type bridge mcast_snooping 0; ip link set br0 addrgenmode none up');
    const host = new QdesHost(t, number, await FarEnd.make(t), new Daemon(t, config));
    host.addInterface();
    await host.startBroker();
    return host;
  }

  /** Its interface and the wire to the others; again, when the one before was deleted. */
  addInterface(): void {
    const { far, number } = this;
    const wire = `wire${number}`;
    far.addWire(wire, number);
    sh(`ip address flush dev ${wire}; ip link set ${wire} master br0`);
    const inner = `${wire}-far`;
    far.run(`ip address flush dev ${inner}; ip link set ${inner} down; ip link set ${inner} name ${hostInterface}`);
    far.run(`ip link set ${hostInterface} addrgenmode none up`);
    far.run(`ip address add 192.0.2.${number}/24 dev ${hostInterface}`);
    far.run(`ip address add 2001:db8::${number}/64 dev ${hostInterface} nodad`);
  }

  /** The first time, and after it was killed. */
  startBroker(): Promise<void> {
    return this.daemon.start([], [...this.far.enter, 'setpriv', '--pdeathsig', 'KILL']);
  }

  /** A guest's end of a port. */
  async guest(network: string): Promise<QdesGuest> {
    const wish = { verb: 'open', network: name(network), form: 'dgram', vnetHdr: false } as const;
    for (;;) {
      const { reply, fds } = await ask(this.daemon.socket, wish);
      const [fd] = fds;
      if (reply?.status === 'ok' && fd !== undefined) {
        this.test.teardown(() => fd.close());
        return new QdesGuest(fd);
      }
      const told = JSON.stringify(reply);
      // A switch that starts has not yet read what waits for it
      if (!told.includes('it has much to do')) throw new Error(told);
      await delay(50);
    }
  }

  /** What goes over the host's wire from now on. */
  watch(t: Lifetime): Wire {
    return new Wire(t, ipLink(`wire${this.number}`).ifindex as number);
  }
}

export class QdesGuest {
  /** Frames that came, in hexadecimal. */
  readonly got: string[] = [];

  constructor(readonly fd: OwnedFd) {}

  say(frame: Uint8Array): void {
    send(this.fd.fd, frame, [])._unsafeUnwrap();
  }

  /** Whether a frame came, now or earlier. */
  heard(frame: Uint8Array): boolean {
    for (;;) {
      const received = receive(this.fd.fd, 0)._unsafeUnwrap();
      if (received.tag !== 'message') break;
      this.got.push(Buffer.from(received.bytes).toString('hex'));
    }
    return this.got.includes(Buffer.from(frame).toString('hex'));
  }
}

/** Both ways of a wire. */
export class Wire {
  readonly #io = new FrameIo([{ slots: 64, room: 4096 }]);
  readonly #fd: number;
  readonly #seen: string[] = [];

  constructor(t: Lifetime, ifindex: number) {
    this.#fd = native.packetOpen();
    if (this.#fd < 0 || native.packetBind(this.#fd, ifindex) < 0) throw new Error('no packet socket');
    t.teardown(() => native.close(this.#fd));
  }

  /** How many packets had these bytes in them. */
  count(bytes: Uint8Array): number {
    const wanted = Buffer.from(bytes).toString('hex');
    return this.packets().filter((packet) => packet.includes(wanted)).length;
  }

  /** All of them so far, in hexadecimal, from Ethernet's header on. */
  packets(): readonly string[] {
    for (let count = this.#receive(); count > 0; count = this.#receive()) {
      for (let slot = 0; slot < count; slot += 1) {
        const start = this.#io.start[slot] as number;
        const packet = this.#io.bytesOf(slot).subarray(start, start + (this.#io.length[slot] as number));
        this.#seen.push(Buffer.from(packet).toString('hex'));
      }
    }
    return this.#seen;
  }

  #receive(): number {
    return this.#io.receive(this.#fd, 0, 64, 0, 0);
  }
}
