/**
 * The switch at work: waits, receives from the ports that have something, up to 64 frames each, asks the switch where each
 * frame goes, and sends each port what it gets. Nothing is allocated for a frame.
 */
import { constants } from 'node:os';
import { performance } from 'node:perf_hooks';
import { frameBatch } from '../kernel/frame-io.js';
import { hungUp, type Poller } from '../kernel/poller.js';
import { dropCode } from '../switch/drop-reason.js';
import { isFinished } from '../switch/offload/check.js';
import type { Switch, SwitchPort } from '../switch/switch.js';
import { Captures } from './captures.js';
import { Chores } from './chores.js';
import { Egress } from './egress.js';
import { Finisher } from './finisher.js';
import { type LoopEvents, PortEnds } from './port-ends.js';
import { type PortIo, reasonOf } from './port-io.js';
import { Shares } from './shares.js';
import { Slots } from './slots.js';

/** Frames that wait to be sent, counted for each port that they go to. */
const entries = 65_536;
const { EINVAL, EPROTO } = constants.errno;

export class Loop {
  readonly captures: Captures;
  readonly #slots = new Slots();
  readonly #io = this.#slots.io;
  readonly #finisher = new Finisher(this.#io, this.#slots.firstSegment, this.#slots.segments);
  readonly #ports: (PortIo | undefined)[];
  readonly #egress: Egress;
  readonly #outSlots = new Int32Array(frameBatch);
  readonly #outPeers = new Int32Array(frameBatch);
  readonly #ends: PortEnds;
  readonly #shares = new Shares();
  /** Ports that gave as much as was asked for and are told of once only. */
  readonly #again = new Set<number>();
  #now = seconds();
  readonly #chores: Chores;
  /** When there was something to do last. */
  #busy = this.#now;

  /**
   * @param poller waits for the ports, by their numbers, and for whatever else its owner has there.
   * @param busyPoll seconds without a frame before it waits for one in the kernel.
   */
  constructor(
    private readonly it: Switch,
    private readonly poller: Poller,
    events: LoopEvents,
    private readonly busyPoll = 0,
  ) {
    this.#ends = new PortEnds(events);
    this.captures = new Captures(it.ports);
    this.#chores = new Chores(it, this.#io, this.#now);
    this.#ports = new Array(it.ports.capacity);
    this.#egress = new Egress(it.ports.capacity, Math.max(entries, it.ports.capacity * 2));
  }

  /**
   * @param options the longest frame is the one that `io` says.
   * @returns false when one of its addresses is another port's, or it cannot be waited for: then there is no port.
   */
  plug(port: number, options: Omit<SwitchPort, 'maxFrame'>, io: PortIo): boolean {
    if (!this.it.add(port, { ...options, maxFrame: io.maxFrame }, this.#now)) return false;
    this.#send();
    const joined = io.join?.(port) ?? 'waits';
    if (joined === 'refused' || (joined === 'waits' && this.poller.add(io.fd, port, io.edge).isErr())) {
      io.leave?.(this.#io, 0);
      this.it.remove(port);
      return false;
    }
    this.#ports[port] = io;
    this.#chores.add(io, this.#now);
    return true;
  }

  /** The port is no more; the caller closes its descriptor afterwards. @returns false: there was none. */
  unplug(port: number): boolean {
    const io = this.#ports[port];
    if (io === undefined) return false;
    this.#send();
    this.#ignore(port);
    this.#ends.forget(port);
    this.#shares.forget(port);
    const heir = this.#chores.remove(io);
    if (heir !== undefined) this.poller.add((this.#ports[heir] as PortIo).fd, heir, false)._unsafeUnwrap();
    this.#ports[port] = undefined;
    this.it.remove(port);
    return true;
  }

  /**
   * Waits until something is there, and carries it.
   *
   * @param other takes what is ready and is no port.
   * @param wait false: it carries what is there by now.
   */
  turn(other: (id: number) => void, wait = true): void {
    const count = this.poller.wait(wait ? this.#patience() : 0);
    this.#now = seconds();
    if (count > 0) this.#busy = this.#now;
    const { ready } = this.poller;
    let others = 0;
    for (let i = 0; i < count; i += 1) {
      const id = ready[2 * i] as number;
      if (this.#ports[id] === undefined) {
        ready[2 * others] = id;
        others += 1;
        continue;
      }
      if (((ready[2 * i + 1] as number) & hungUp) !== 0) this.#ends.hangUp(id);
      this.#receive(id);
    }
    if (this.#again.size > 0) this.#goOn();
    this.#flush();
    // Last, since it may give a port's number to another: what was told of the one before is not about that
    for (let i = 0; i < others; i += 1) other(ready[2 * i] as number);
    this.#chores.do(this.#now);
  }

  /** Milliseconds to wait at most; -1: for ever. */
  #patience(): number {
    if (this.#again.size > 0 || this.#now - this.#busy < this.busyPoll) return 0;
    return this.#chores.patience;
  }

  #goOn(): void {
    const ports = [...this.#again];
    this.#again.clear();
    for (const port of ports) this.#receive(port);
  }

  #receive(port: number): void {
    const io = this.#ports[port];
    if (io === undefined) return;
    const first = this.#place(io.room ?? io.maxFrame);
    const asked = this.#shares.begin(port, this.#now);
    const received = io.receive(this.#io, first, asked);
    this.it.foresee(port, this.#io, first, received);
    for (let slot = first; slot < first + received; slot += 1) this.#pass(port, io, slot);
    if (received > 0) this.#slots.take(first, received);
    this.#shares.end(port, this.#now);
    if (io.lost !== undefined && io.lost > 0) {
      this.it.counters.dropped(port, dropCode['ingress-full'], io.lost);
      io.lost = 0;
    }
    if (this.#io.left) return this.#receive(port);
    if (received === asked && io.edge) this.#again.add(port);
    // The kernel has no header that says what is left to be done to a frame, and has dropped it
    if (received === -EINVAL) this.it.counters.dropped(port, dropCode['bad-offload']);
    if (received === -EPROTO || (this.#ends.hasHungUp(port) && this.#io.isAll(first, received, asked))) this.#end(port);
  }

  /** The first of as many slots as one call may fill. @param bytes of the longest frame. */
  #place(bytes: number): number {
    if (this.#slots.place(bytes) < 0) this.#flush();
    return this.#slots.place(bytes);
  }

  #pass(waiting: number, io: PortIo, slot: number): void {
    const frames = this.#io;
    const peer = io.accept(frames, slot);
    const port = io.ingress ?? waiting;
    if (peer < 0) {
      const reason = reasonOf(peer);
      if (reason >= 0) this.it.refuse(port, Math.max(0, frames.length[slot] as number), reason);
      return;
    }
    const [at, length] = [frames.start[slot] as number, frames.length[slot] as number];
    const count = this.it.pass(port, peer, frames.bytesOf(slot), at, length, this.#now, this.#finisher.framesOf(slot));
    if (this.captures.any) this.captures.take(port, frames, slot, io.room ?? io.maxFrame, this.it.egress, count);
    if (frames.unfinished[slot] !== isFinished) this.#passUnfinished(port, slot, count);
    else for (let i = 0; i < count; i += 1) this.#push(this.it.egress[i] as number, slot);
  }

  /** Ports without offloads get the frame finished, which is done once; others as it is. */
  #passUnfinished(ingress: number, slot: number, count: number): void {
    const finisher = this.#finisher;
    let frames = -1;
    for (let i = 0; i < count; i += 1) {
      const port = this.it.egress[i] as number;
      if ((this.#ports[port] as PortIo).offloads) {
        this.#push(port, slot);
        continue;
      }
      if (frames < 0) {
        if (!finisher.hasRoom(slot)) this.#freeSegments();
        frames = this.#shares.made(finisher.finish(slot));
        if (frames === 0) this.it.counters.dropped(ingress, dropCode['bad-offload']);
      }
      for (let k = 0; k < frames; k += 1) this.#push(port, finisher.first + k);
    }
  }

  #push(port: number, slot: number): void {
    if (!this.#egress.hasRoom(1)) this.#send();
    this.#egress.push(port, slot, this.it.peer);
  }

  #freeSegments(): void {
    this.#send();
    this.#finisher.clear();
  }

  /** Sends all that waits; then every slot is free. */
  #flush(): void {
    this.#freeSegments();
    this.#slots.clear();
  }

  #send(): void {
    this.poller.goOn();
    for (let i = 0; i < this.#egress.waiting; i += 1) {
      const port = this.#egress.portAt(i);
      const io = this.#ports[port] as PortIo;
      for (;;) {
        const count = this.#egress.take(port, this.#outSlots, this.#outPeers);
        if (count === 0) break;
        io.send(this.#io, this.#outSlots, this.#outPeers, count);
        this.#account(port);
      }
    }
    this.#egress.clear();
  }

  #account(port: number): void {
    const { sent, full, failed, large, broken } = this.#io.sent;
    let bytes = 0;
    for (let i = 0; i < sent; i += 1) bytes += this.#io.length[this.#outSlots[i] as number] as number;
    this.it.counters.sent(port, sent, bytes);
    if (full > 0) this.it.counters.dropped(port, dropCode['egress-full'], full);
    if (failed > large) this.it.counters.dropped(port, dropCode['egress-failed'], failed - large);
    if (large > 0) this.it.counters.dropped(port, dropCode['egress-too-long'], large);
    if (broken) this.#end(port);
  }

  #end(port: number): void {
    this.#ignore(port);
    this.#ends.end(port);
  }

  #ignore(port: number): void {
    this.poller.remove((this.#ports[port] as PortIo).fd);
    this.#again.delete(port);
  }
}

/** Of a clock that does not go back. */
const seconds = () => performance.now() / 1000;
