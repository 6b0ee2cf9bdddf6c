/**
 * Uplink to other hosts by QDES (docs/qdes.md), or by VXLAN: what is for all goes to a group, to each host that is named,
 * or both; what is for an address that was seen goes to the host that it is behind. Without keys nothing is allocated for
 * a frame.
 */
import { randomFillSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { QdesLine } from '../core/qdes-line.js';
import { writeAddress } from '../kernel/address-book.js';
import { addressSize, FrameIo } from '../kernel/frame-io.js';
import { dropCode } from '../switch/drop-reason.js';
import * as header from '../switch/qdes/header.js';
import { groupPlace, type PeerMemory } from '../switch/qdes/peer-memory.js';
import { noPeer, PeerTable } from '../switch/qdes/peer-table.js';
import { isVxlan, vxlanNetworkAt } from '../switch/qdes/vxlan.js';
import { type PortIo, refused, refusedFor } from './port-io.js';
import { Seal, type Session, sealSize } from './qdes-seal.js';
import { QdesSender } from './qdes-sender.js';
import type { QdesSocket } from './qdes-socket.js';

const { headerSize, stampSize } = header;
/** Peers besides those that are named. */
const others = 256;
/** Seconds of silence after which a peer is none: three hellos; of VXLAN, which has none, as an address's. */
const silence = { qdes: 17, vxlan: 300 } as const;
/** Where the port lies in an address, in network byte order. */
const portOffset = 2;
/** Seconds between questions to a session that has not answered. */
const askSeconds = 1;

export class QdesPort implements PortIo {
  readonly edge = false;
  readonly offloads = false;
  /** Which port of the switch it is; -1: none yet. */
  number = -1;
  ingress = -1;
  readonly peers: PeerTable;
  readonly #vxlan: boolean;
  readonly #seal: Seal | undefined;
  readonly #sender: QdesSender;
  /** What a reply must have; each hello has another. */
  readonly #token = randomFillSync(new Int32Array(1));
  /** Another switch has our instance. */
  #shared = false;

  constructor(
    readonly fd: number,
    readonly maxFrame: number,
    private readonly line: QdesLine,
    private readonly socket: QdesSocket<QdesPort>,
    peersMoved?: (memory: PeerMemory) => void,
  ) {
    const { group, peers, keys } = line;
    this.#vxlan = line.encapsulation === 'vxlan';
    this.peers = new PeerTable(peers.length + others, peers.length, socket.hash, peersMoved);
    const place = new Uint8Array(addressSize);
    for (const peer of peers) {
      writeAddress(peer, place, 0)._unsafeUnwrap();
      this.peers.add(place, 0, true, 0);
    }
    if (group !== undefined) writeAddress(group, this.peers.addresses, groupPlace)._unsafeUnwrap();
    this.#seal = keys === undefined ? undefined : new Seal(keys.map((key) => Buffer.from(key, 'hex')));
    this.#sender = new QdesSender(fd, line, this.peers, this.#seal, maxFrame);
  }

  get room(): number {
    return this.socket.room;
  }

  join(port: number): 'waits' | 'shares' | 'refused' {
    this.number = port;
    // A kernel that cannot gives one datagram a message
    FrameIo.takeTrains(this.fd);
    return this.socket.join(this.line.id, this, this.maxFrame + (this.#seal === undefined ? 0 : sealSize));
  }

  leave(io: FrameIo, slot: number): number | undefined {
    if (this.socket.portOf(this.line.id) === this && !this.#vxlan) this.#say(io, slot, header.byeType, 0);
    return this.socket.leave(this.line.id, this)?.number;
  }

  tick(io: FrameIo, slot: number, now: number): void {
    this.peers.age(now, silence[this.line.encapsulation]);
    this.#seal?.forget((peer) => this.peers.isCurrent(peer));
    this.#sender.tryTrains();
    if (this.#vxlan) return;
    if (this.#shared) this.#sender.rename();
    this.#shared = false;
    randomFillSync(this.#token);
    this.#stamp(io, slot);
    this.#say(io, slot, header.helloType, stampSize);
  }

  receive(io: FrameIo, first: number, count: number): number {
    this.socket.now = performance.now() / 1000;
    return io.receiveTrains(this.fd, first, count, headerSize);
  }

  /** Also for the other ports of the socket. */
  accept(io: FrameIo, slot: number): number {
    const [bytes, at, length] = [io.bytesOf(slot), (io.start[slot] as number) - headerSize, io.length[slot] as number];
    this.ingress = this.number;
    if (this.#vxlan ? !isVxlan(bytes, at, length) : length < 0) return refusedFor(dropCode['bad-header']);
    const port = this.socket.portOf(this.#vxlan ? vxlanNetworkAt(bytes, at) : header.networkAt(bytes, at));
    // A network that this host has no guest of
    if (port === undefined) return refused;
    this.ingress = port.number;
    if (this.#vxlan) return port.#takeVxlan(io, slot);
    return port.#seal === undefined ? port.#takePlain(io, slot) : port.#takeSealed(io, slot, port.#seal);
  }

  send(io: FrameIo, slots: Int32Array, peers: Int32Array, count: number): void {
    const sender = this.#sender;
    sender.begin();
    for (let i = 0; i < count; i += 1) {
      const peer = peers[i] as number;
      sender.put(io, slots[i] as number, header.frameType, i);
      if (this.peers.isCurrent(peer)) sender.to(this.peers.placeOf(peer));
      else sender.toAll();
    }
    sender.flush();
    const { sent } = io;
    sent.sent = Math.min(count, sender.totals.sent);
    sent.failed = sender.totals.failed;
    sent.large = sender.totals.large;
    sent.full = sender.totals.full;
    // What fails here works again when the interface, or the route, is back
    sent.broken = false;
  }

  /** Kernels send VXLAN from any port, and receive it by one. */
  #takeVxlan(io: FrameIo, slot: number): number {
    const place = slot * addressSize + portOffset;
    io.address[place] = this.line.port >>> 8;
    io.address[place + 1] = this.line.port;
    const peer = this.#find(io, slot, true, false);
    if (peer >= 0) this.peers.hear(peer, 0, this.socket.now);
    return peer;
  }

  #takePlain(io: FrameIo, slot: number): number {
    const [bytes, start] = [io.bytesOf(slot), io.start[slot] as number];
    const type = header.typeAt(bytes, start - headerSize, io.length[slot] as number);
    if (type === header.malformed) return refusedFor(dropCode['bad-header']);
    const sender = header.senderAt(bytes, start - headerSize);
    if (sender === this.#sender.instance) return this.#takeOwn(bytes, start, type);
    const answers = this.#isAnswer(bytes, start, type);
    const peer = this.#find(io, slot, answers || type === header.frameType || type === header.helloType, answers);
    if (peer < 0) return peer;
    return this.#heard(io, slot, type, peer, sender);
  }

  /** Nothing is believed, or answered, but what was sealed with a key and comes for the first time. */
  #takeSealed(io: FrameIo, slot: number, seal: Seal): number {
    const [bytes, at] = [io.bytesOf(slot), (io.start[slot] as number) - headerSize];
    const opened = header.isSealed(bytes, at) ? seal.open(bytes, at, io.length[slot] as number) : undefined;
    if (opened === undefined) return refusedFor(dropCode.unverified);
    (io.start[slot] as number) += sealSize;
    (io.length[slot] as number) -= sealSize;
    const start = io.start[slot] as number;
    const { session, counter, fresh } = opened;
    const type = header.typeAt(bytes, at, io.length[slot] as number, header.sealedFlag);
    if (type === header.malformed) return refusedFor(dropCode['bad-header']);
    const sender = header.senderAt(bytes, at);
    if (sender === this.#sender.instance) return this.#takeOwn(bytes, start, type);
    if (!fresh) return refusedFor(dropCode.replayed);
    const answers = this.#isAnswer(bytes, start, type);
    const peer = this.#find(io, slot, answers, answers);
    if (peer < 0 && peer !== refused) return peer;
    if (answers) seal.prove(session, peer, counter);
    if (peer !== refused && session.peer === peer) return this.#heard(io, slot, type, peer, sender);
    // It may be a recording of long ago: who sends it is asked, and has to answer
    if (type === header.helloType) this.#answer(io, slot, header.replyType);
    this.#ask(io, slot, session);
    return type === header.frameType ? refusedFor(dropCode.replayed) : refused;
  }

  /** What a message of a peer means. */
  #heard(io: FrameIo, slot: number, type: number, peer: number, sender: number): number {
    const { peers, socket } = this;
    const [bytes, start] = [io.bytesOf(slot), io.start[slot] as number];
    if (type === header.byeType) {
      peers.leave(peer);
      return refused;
    }
    peers.hear(peer, sender, socket.now);
    if (type === header.frameType) return peer;
    if (this.#isAnswer(bytes, start, type)) peers.measure(peer, header.ageAt(bytes, start, microseconds()));
    const due = type === header.helloType && (peers.hasAnswered(peer) || socket.mayAnswer());
    if (due) this.#answer(io, slot, header.replyType);
    return refused;
  }

  /** The peer that has sent it. @param add whether who is none yet becomes one. @returns refused: there is none. */
  #find(io: FrameIo, slot: number, add: boolean, answers: boolean): number {
    const { peers, socket } = this;
    const peer = peers.find(io.address, slot * addressSize);
    if (peer !== noPeer) return peer;
    if (this.line.group === undefined) return refusedFor(dropCode['not-a-peer']);
    if (!add) return refused;
    if (answers) peers.makeRoom();
    const added = peers.add(io.address, slot * addressSize, false, socket.now);
    return added === noPeer ? refusedFor(dropCode['no-peer-room']) : added;
  }

  /** Whether it is a reply to our last hello. */
  #isAnswer(bytes: Uint8Array, start: number, type: number): boolean {
    return type === header.replyType && header.tokenAt(bytes, start) === this.#token[0];
  }

  /** Something sends back what we send, or another switch has drawn the same number. */
  #takeOwn(bytes: Uint8Array, start: number, type: number): number {
    if (type === header.helloType && header.tokenAt(bytes, start) !== this.#token[0]) this.#shared = true;
    return refusedFor(dropCode.own);
  }

  #ask(io: FrameIo, slot: number, session: Session): void {
    if (this.socket.now - session.asked < askSeconds) return;
    session.asked = this.socket.now;
    const length = io.length[slot] as number;
    this.#stamp(io, slot);
    io.length[slot] = stampSize;
    this.#answer(io, slot, header.helloType);
    io.length[slot] = length;
  }

  /** To who has sent what lies in the slot, with what it holds. */
  #answer(io: FrameIo, slot: number, type: number): void {
    this.#sender.begin();
    this.#sender.put(io, slot, type, 0);
    this.#sender.to(slot, io.address);
    this.#sender.flush(io.address);
  }

  #stamp(io: FrameIo, slot: number): void {
    header.writeStamp(io.bytesOf(slot), io.start[slot] as number, this.#token[0] as number, microseconds());
  }

  #say(io: FrameIo, slot: number, type: number, length: number): void {
    io.length[slot] = length;
    this.#sender.begin();
    this.#sender.put(io, slot, type, 0);
    this.#sender.toAll();
    this.#sender.flush();
  }
}

function microseconds(): number {
  return performance.now() * 1000;
}
