/** Sockets of UDP of this namespace's own lo, by which trains of datagrams go from one to the other. */
import type { Test } from 'tap';
import { writeAddress } from '../../src/kernel/address-book.js';
import { addressSize, FrameIo, frameBatch } from '../../src/kernel/frame-io.js';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { ipLink } from './links.js';
import { until } from './until.js';

/** Bytes of the longest datagram of a train: more than any has. */
export const anyLength = 0xffff;
const buffer = 1 << 24;

export interface Place {
  readonly port: number;
  readonly six?: boolean;
  readonly fragment?: boolean;
  /** Left out: lo. */
  readonly by?: string;
}

export function openUdp(t: Test, { port, six = false, fragment = true, by = 'lo' }: Place): OwnedFd {
  using sockets = new LinuxSockets();
  const ifindex = ipLink(by).ifindex as number;
  const socket = sockets.openDatagrams({ six, port, ifindex, ttl: 1, fragment }, buffer)._unsafeUnwrap();
  t.teardown(() => socket.close());
  return socket;
}

/** Sends datagrams, as many at once as the kernel and `longest` allow. @returns what became of them, all in all. */
export class Trains {
  readonly #io = new FrameIo([{ slots: frameBatch, room: 66_000 }]);
  readonly #addresses: Uint8Array;

  /** @param to addresses, which send() is told of by their places. */
  constructor(
    private readonly socket: OwnedFd,
    to: readonly { readonly address: string; readonly port: number }[],
  ) {
    this.#addresses = new Uint8Array(to.length * addressSize);
    for (const [place, one] of to.entries()) writeAddress(one, this.#addresses, place)._unsafeUnwrap();
  }

  send(datagrams: readonly Uint8Array[], longest: number, placeOf: (nth: number) => number = () => 0) {
    const io = this.#io;
    const told = { sent: 0, failed: 0, full: 0, refused: 0 };
    for (let first = 0; first < datagrams.length; first += frameBatch) {
      const some = datagrams.slice(first, first + frameBatch);
      for (const [slot, bytes] of some.entries()) {
        io.bytesOf(slot).set(bytes, io.start[slot]);
        io.length[slot] = bytes.length;
      }
      const slots = Int32Array.from(some.keys());
      const places = slots.map((slot) => placeOf(first + slot));
      const sent = io.sendTrains(this.socket.fd, slots, some.length, 0, places, this.#addresses, longest);
      told.sent += sent.sent;
      told.failed += sent.failed;
      told.full += sent.full;
      told.refused = io.refusedTrains;
    }
    return told;
  }
}

export interface Came {
  readonly bytes: Buffer;
  /** As FrameIo.length has it. */
  readonly length: number;
  /** As FrameIo.address has it. */
  readonly from: string;
}

/** At least so many, which may take the kernel a moment. */
export async function receiveAtLeast(least: number, ...from: Parameters<typeof receiveAll>): Promise<Came[]> {
  const came: Came[] = [];
  await until(() => {
    came.push(...receiveAll(...from));
    return came.length >= least;
  });
  return came;
}

/** Everything that waits. @param io has `count` slots, all of one size. */
export function receiveAll(socket: OwnedFd, io: FrameIo, count: number, prefix = 0): Came[] {
  const came: Came[] = [];
  for (;;) {
    const received = io.receiveTrains(socket.fd, 0, count, prefix);
    if (received <= 0) return came;
    for (let slot = 0; slot < received; slot += 1) {
      const [start, length] = [io.start[slot] as number, io.length[slot] as number];
      const bytes = Buffer.from(io.bytesOf(slot).subarray(start, start + Math.max(0, length)));
      const from = Buffer.from(io.address.subarray(slot * addressSize, (slot + 1) * addressSize)).toString('hex');
      came.push({ bytes, length, from });
    }
  }
}
