/**
 * Uplink to other hosts by QDES (docs/qdes.md), or by VXLAN: what is for all goes to a group, to each host that is named,
 * or both; what is for an address that was seen goes to the host that it is behind. Nothing is allocated for a frame.
 */
import { randomFillSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { QdesLine } from '../core/qdes-line.js';
import { writeAddress } from '../kernel/address-book.js';
import { addressSize, type FrameIo, frameBatch, withAddress } from '../kernel/frame-io.js';
import { dropCode } from '../switch/drop-reason.js';
import * as header from '../switch/qdes/header.js';
import { noPeer, PeerTable } from '../switch/qdes/peer-table.js';
import { isVxlan, vxlanNetworkAt, writeVxlan } from '../switch/qdes/vxlan.js';
import { type PortIo, refused, refusedFor } from './port-io.js';
import type { QdesSocket } from './qdes-socket.js';

const { headerSize, stampSize } = header;
/** Peers besides those that are named. */
const others = 256;
/** Seconds of silence after which a peer is none: three hellos; of VXLAN, which has none, as an address's. */
const silence = { qdes: 17, vxlan: 300 } as const;
/** Where the port lies in an address, in network byte order. */
const portOffset = 2;

export class QdesPort implements PortIo {
  readonly edge = false;
  readonly offloads = false;
  /** Which port of the switch it is; -1: none yet. */
  number = -1;
  ingress = -1;
  readonly peers: PeerTable;
  readonly #vxlan: boolean;
  readonly #named: number;
  readonly #hasGroup: boolean;
  readonly #toSlots = new Int32Array(frameBatch);
  readonly #toPeers = new Int32Array(frameBatch);
  #waiting = 0;
  /** Our instance, and what a reply must have; a hello draws the latter anew. */
  readonly #random = randomFillSync(new Int32Array(2));
  /** Another switch has our instance. */
  #shared = false;
  readonly #totals = { sent: 0, failed: 0, full: 0 };

  constructor(
    readonly fd: number,
    readonly maxFrame: number,
    private readonly line: QdesLine,
    private readonly socket: QdesSocket<QdesPort>,
  ) {
    const { group, peers } = line;
    this.#vxlan = line.encapsulation === 'vxlan';
    this.#hasGroup = group !== undefined;
    this.#named = peers.length;
    this.peers = new PeerTable(peers.length + others, socket.hash);
    const place = new Uint8Array(addressSize);
    for (const peer of peers) {
      writeAddress(peer, place, 0)._unsafeUnwrap();
      this.peers.add(place, 0, true, 0);
    }
    if (group !== undefined) writeAddress(group, this.peers.addresses, this.peers.capacity)._unsafeUnwrap();
  }

  get room(): number {
    return this.socket.room;
  }

  join(port: number): 'waits' | 'shares' | 'refused' {
    this.number = port;
    return this.socket.join(this.line.id, this);
  }

  leave(io: FrameIo, slot: number): number | undefined {
    if (this.socket.portOf(this.line.id) === this && !this.#vxlan) this.#say(io, slot, header.byeType, 0);
    return this.socket.leave(this.line.id, this)?.number;
  }

  tick(io: FrameIo, slot: number, now: number): void {
    this.peers.age(now, silence[this.line.encapsulation]);
    if (this.#vxlan) return;
    const sender = this.#random[0] as number;
    randomFillSync(this.#random);
    if (!this.#shared) this.#random[0] = sender;
    this.#shared = false;
    header.writeStamp(io.bytesOf(slot), io.start[slot] as number, this.#random[1] as number, microseconds());
    this.#say(io, slot, header.helloType, stampSize);
  }

  receive(io: FrameIo, first: number, count: number): number {
    this.socket.now = performance.now() / 1000;
    return io.receive(this.fd, first, count, headerSize, withAddress);
  }

  /** Also for the other ports of the socket. */
  accept(io: FrameIo, slot: number): number {
    const [bytes, at, length] = [io.bytesOf(slot), (io.start[slot] as number) - headerSize, io.length[slot] as number];
    this.ingress = this.number;
    let type = header.malformed;
    if (!this.#vxlan) type = header.typeAt(bytes, at, length);
    else if (isVxlan(bytes, at, length)) type = header.frameType;
    if (type === header.malformed) return refusedFor(dropCode['bad-header']);
    const port = this.socket.portOf(this.#vxlan ? vxlanNetworkAt(bytes, at) : header.networkAt(bytes, at));
    // A network that this host has no guest of
    if (port === undefined) return refused;
    this.ingress = port.number;
    return port.#take(io, slot, type);
  }

  send(io: FrameIo, slots: Int32Array, peers: Int32Array, count: number): void {
    this.#begin();
    for (let i = 0; i < count; i += 1) {
      const [slot, peer] = [slots[i] as number, peers[i] as number];
      const [bytes, at] = [io.bytesOf(slot), (io.start[slot] as number) - headerSize];
      if (this.#vxlan) writeVxlan(bytes, at, this.line.id);
      else header.writeHeader(bytes, at, header.frameType, this.line.id, this.#random[0] as number);
      if (this.peers.isCurrent(peer)) this.#push(io, slot, this.peers.placeOf(peer));
      else this.#pushToAll(io, slot);
    }
    this.#flush(io);
    const { sent } = io;
    sent.sent = Math.min(count, this.#totals.sent);
    sent.failed = this.#totals.failed;
    sent.full = this.#totals.full;
    // What fails here works again when the interface, or the route, is back
    sent.broken = false;
  }

  /** What a datagram for this network means. */
  #take(io: FrameIo, slot: number, type: number): number {
    const { peers, socket } = this;
    const [bytes, start] = [io.bytesOf(slot), io.start[slot] as number];
    const address = slot * addressSize;
    const sender = this.#vxlan ? 0 : header.senderAt(bytes, start - headerSize);
    if (this.#vxlan) this.#setPort(io.address, address);
    else if (sender === this.#random[0]) return this.#takeOwn(bytes, start, type);
    let peer = peers.find(io.address, address);
    if (peer === noPeer) {
      if (!this.#hasGroup) return refusedFor(dropCode['not-a-peer']);
      if (type === header.byeType || type === header.replyType) return refused;
      peer = peers.add(io.address, address, false, socket.now);
      if (peer === noPeer) return refusedFor(dropCode['no-peer-room']);
    }
    if (type === header.byeType) {
      peers.leave(peer);
      return refused;
    }
    peers.hear(peer, sender, socket.now);
    if (type === header.frameType) return peer;
    if (type === header.helloType) this.#reply(io, slot, peer);
    else if (header.tokenAt(bytes, start) === this.#random[1]) {
      peers.measure(peer, header.ageAt(bytes, start, microseconds()));
    }
    return refused;
  }

  /** Something sends back what we send, or another switch has drawn the same number. */
  #takeOwn(bytes: Uint8Array, start: number, type: number): number {
    if (type === header.helloType && header.tokenAt(bytes, start) !== this.#random[1]) this.#shared = true;
    return refusedFor(dropCode.own);
  }

  /** Kernels send VXLAN from any port, and receive it by one. */
  #setPort(addresses: Uint8Array, address: number): void {
    const { port } = this.line;
    addresses[address + portOffset] = port >>> 8;
    addresses[address + portOffset + 1] = port;
  }

  #reply(io: FrameIo, slot: number, peer: number): void {
    const at = (io.start[slot] as number) - headerSize;
    header.writeHeader(io.bytesOf(slot), at, header.replyType, this.line.id, this.#random[0] as number);
    this.#begin();
    this.#push(io, slot, this.peers.placeOf(peer));
    this.#flush(io);
  }

  #say(io: FrameIo, slot: number, type: number, length: number): void {
    const at = (io.start[slot] as number) - headerSize;
    header.writeHeader(io.bytesOf(slot), at, type, this.line.id, this.#random[0] as number);
    io.length[slot] = length;
    this.#begin();
    this.#pushToAll(io, slot);
    this.#flush(io);
  }

  #begin(): void {
    this.#waiting = 0;
    this.#totals.sent = 0;
    this.#totals.failed = 0;
    this.#totals.full = 0;
  }

  #pushToAll(io: FrameIo, slot: number): void {
    if (this.#hasGroup) this.#push(io, slot, this.peers.capacity);
    for (let place = 0; place < this.#named; place += 1) this.#push(io, slot, place);
  }

  #push(io: FrameIo, slot: number, place: number): void {
    this.#toSlots[this.#waiting] = slot;
    this.#toPeers[this.#waiting] = place;
    this.#waiting += 1;
    if (this.#waiting === frameBatch) this.#flush(io);
  }

  #flush(io: FrameIo): void {
    if (this.#waiting === 0) return;
    const sent = io.send(this.fd, this.#toSlots, this.#waiting, headerSize, this.#toPeers, this.peers.addresses);
    this.#totals.sent += sent.sent;
    this.#totals.failed += sent.failed;
    this.#totals.full += sent.full;
    this.#waiting = 0;
  }
}

function microseconds(): number {
  return performance.now() * 1000;
}
