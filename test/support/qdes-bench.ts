/** A switch with uplinks of QDES, whose loop runs while a test waits, and programs of another namespace at the far ends. */
import type { Test } from 'tap';
import type { Endpoint } from '../../src/core/config.js';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { Poller } from '../../src/kernel/poller.js';
import { receive, send, socketPair } from '../../src/kernel/seqpacket.js';
import * as header from '../../src/switch/qdes/header.js';
import { Switch } from '../../src/switch/switch.js';
import { DgramPort } from '../../src/switchd/guest-port.js';
import { Loop } from '../../src/switchd/loop.js';
import { QdesPort } from '../../src/switchd/qdes-port.js';
import { QdesSockets } from '../../src/switchd/qdes-socket.js';
import { DatagramPeer } from './datagram-peer.js';
import type { FarEnd } from './far-end.js';
import { ipLink } from './links.js';
import { until } from './until.js';

const group = '239.1.2.3';
export const [port, id] = [7755, 4242];
/** Addresses: ours, and two of the far end, which has wire0. */
export const [here, one, other] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'] as const;

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A datagram of another switch's. */
export function message(type: number, body: Uint8Array = new Uint8Array(), network = id, sender = 0x0a0b0c0d): string {
  const head = new Uint8Array(header.headerSize);
  header.writeHeader(head, 0, type, network, sender);
  return hex(Uint8Array.of(...head, ...body));
}

export const framed = (body: Uint8Array, network = id) => message(header.frameType, body, network);
export const bodyOf = (text: string) => text.slice(2 * header.headerSize);
export const typeOf = (text: string) => Number.parseInt(text[1] ?? '', 16);
export const frames = (got: readonly string[]) => got.filter((text) => typeOf(text) === header.frameType).map(bodyOf);

export const peerAt = (t: Test, far: FarEnd, at: string) => DatagramPeer.start(t, far, { port, at, encoding: 'hex' });
export const inGroup = (t: Test, far: FarEnd) =>
  DatagramPeer.start(t, far, { port, at: group, group, by: one, encoding: 'hex' });

interface Line {
  readonly id?: number;
  readonly peers?: readonly string[];
  readonly group?: boolean;
  readonly encapsulation?: 'qdes' | 'vxlan';
  readonly keys?: readonly string[];
}

/** A switch, whose loop runs while a test waits. */
export class Bench {
  readonly it = new Switch({ ports: 16, addresses: 1024, ageing: 300 });
  readonly poller = Poller.open()._unsafeUnwrap();
  readonly loop = new Loop(this.it, this.poller, { ended: () => {} });
  readonly shared = new QdesSockets<QdesPort>();
  readonly socket: OwnedFd;
  readonly #sockets = new LinuxSockets();

  /** @param by the interface that the uplinks' socket has. */
  constructor(t: Test, by = 'wire0') {
    const ifindex = ipLink(by).ifindex as number;
    const datagrams = { six: false, port, ifindex, ttl: 1, fragment: true };
    this.socket = this.#sockets.openDatagrams(datagrams, 1 << 20)._unsafeUnwrap();
    this.#sockets.joinGroup(this.socket, group, ifindex)._unsafeUnwrap();
    t.teardown(() => {
      this.poller[Symbol.dispose]();
      this.socket.close();
      this.#sockets[Symbol.dispose]();
    });
  }

  uplink(t: Test, number: number, network: number, line: Line = {}): QdesPort {
    const copy = this.#sockets.duplicate(this.socket)._unsafeUnwrap();
    t.teardown(() => copy.close());
    const at = (address: string): Endpoint => ({ address, port });
    const about = {
      ...{ socket: 's', id: line.id ?? id, encapsulation: line.encapsulation ?? 'qdes', port },
      ...(line.group === false ? {} : { group: at(group) }),
      peers: (line.peers ?? []).map(at),
      ...(line.keys === undefined ? {} : { keys: line.keys }),
    } as const;
    const uplink = new QdesPort(copy.fd, 1522, about, this.shared.of('s'));
    if (!this.loop.plug(number, { ...options(network), uplink: true }, uplink)) throw new Error('no port');
    return uplink;
  }

  guest(t: Test, number: number, network: number): OwnedFd {
    const [ours, theirs] = socketPair('seqpacket')._unsafeUnwrap();
    t.teardown(() => {
      this.loop.unplug(number);
      ours.close();
      theirs.close();
    });
    this.loop.plug(number, options(network), new DgramPort(ours.fd, 1522));
    return theirs;
  }

  /** Carries frames until the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    await until(() => {
      this.turn();
      return condition();
    });
  }

  /** The next frame that a guest gets. */
  async heard(guest: OwnedFd): Promise<Uint8Array> {
    let got: Uint8Array | undefined;
    await this.until(() => {
      got = heard(guest);
      return got !== undefined;
    });
    return got as Uint8Array;
  }

  turn(): void {
    this.loop.turn(() => {}, false);
  }

  drops(port: number) {
    return this.it.counters.of(port).drops;
  }
}

const options = (network: number) => ({
  ...{ network, uplink: false, isolated: false, locked: false, untagged: false, maxAddresses: 1000 },
  ...{ floodRate: Number.POSITIVE_INFINITY, addresses: [] },
});

export const said = (guest: OwnedFd, bytes: Uint8Array) => send(guest.fd, bytes, [])._unsafeUnwrap();

/** The next frame that a guest got. */
export function heard(guest: OwnedFd): Uint8Array | undefined {
  const got = receive(guest.fd, 0)._unsafeUnwrap();
  return got.tag === 'message' ? got.bytes : undefined;
}
