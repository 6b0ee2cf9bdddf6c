/**
 * Where the broker reaches the switch: a listening socket that was handed over, one broker at a time. A broker that goes
 * leaves the ports at work, and the next one asks for a list of them.
 */
import { performance } from 'node:perf_hooks';
import { describeSysError, type SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { sendUntil } from '../kernel/patient-send.js';
import { accept, receive } from '../kernel/seqpacket.js';
import { Watch } from '../kernel/watch.js';
import type { InspectOrder } from '../protocol/inspect-order.js';
import { decodeOrder, encodeEvent, type Order, type SwitchEvent } from '../protocol/switch-order.js';
import type { Ports } from './ports.js';

/** Descriptors of one port at most. */
const mostFds = 8;
/** Milliseconds that a broker has to read the list of ports, of which some hundred lie in a socket. */
const patience = 5000;

export class Control implements Disposable {
  readonly #watch = new Watch();
  #broker: OwnedFd | undefined;

  /**
   * @param listener belongs to this from now on.
   * @param uid who may order: the broker's user. Root may always.
   * @param show takes an order to show something, and the pipe's end, which is no more ours.
   * @param complain takes a line about what was wrong.
   * @param left called when there is no broker any more.
   */
  constructor(
    private readonly listener: OwnedFd,
    private readonly uid: number,
    private readonly ports: () => Ports,
    private readonly show: (order: InspectOrder, end: OwnedFd) => void,
    private readonly complain: (line: string) => void,
    private readonly left: () => void,
  ) {
    this.#watch.add(listener.fd, { read: true }, () => this.#accept())._unsafeUnwrap();
  }

  [Symbol.dispose](): void {
    this.#leave();
    this.#watch.close();
    this.listener.close();
  }

  get hasBroker(): boolean {
    return this.#broker !== undefined;
  }

  /**
   * Tells the broker, if there is one; one that does not read is left.
   *
   * @param until when it must have read what it was told before (performance.now()); frames go on meanwhile.
   */
  tell(event: SwitchEvent, fds: readonly OwnedFd[] = [], until = 0): void {
    if (this.#broker === undefined) return;
    const numbers = fds.map((fd) => fd.fd);
    const sent = sendUntil(until, this.#broker.fd, encodeEvent(event), numbers);
    if (sent.isErr()) this.#fail(sent.error);
  }

  #accept(): void {
    const accepted = accept(this.listener.fd);
    if (accepted.isErr()) return this.complain(`no broker can connect: ${describeSysError(accepted.error)}`);
    if (accepted.value === undefined) return;
    const { fd, peer } = accepted.value;
    if (peer.uid !== this.uid && peer.uid !== 0) {
      this.complain(`user ${peer.uid} is not the broker, and is sent away`);
      fd.close();
      return;
    }
    // What the one before has ordered counts: guests have the other ends of its ports by now
    while (this.#broker !== undefined && this.#obey(this.#broker));
    this.#leave();
    this.#broker = fd;
    this.#watch.add(fd.fd, { read: true }, () => this.#obey(fd))._unsafeUnwrap();
  }

  /** @returns whether there was an order. */
  #obey(broker: OwnedFd): boolean {
    const received = receive(broker.fd, mostFds);
    if (received.isErr()) {
      this.#fail(received.error);
      return false;
    }
    if (received.value.tag === 'end') {
      this.#leave();
      this.left();
    }
    if (received.value.tag !== 'message') return false;
    const { bytes, fds } = received.value;
    const order = decodeOrder(bytes);
    if (order.isOk()) this.#carryOut(order.value, fds);
    else {
      for (const fd of fds) fd.close();
      this.complain(`an order of the broker is not understood: ${order.error.what}`);
    }
    return true;
  }

  #carryOut(order: Order, fds: readonly OwnedFd[]): void {
    if (order.order === 'plug') return this.ports().plug(order, fds);
    const showing = order.order === 'report' || order.order === 'capture';
    for (const fd of showing ? fds.slice(1) : fds) fd.close();
    switch (order.order) {
      case 'report':
      case 'capture':
        if (fds[0] !== undefined) this.show(order, fds[0]);
        break;
      case 'unplug':
        this.ports().unplug(order.port);
        break;
      case 'list':
        this.#list();
    }
  }

  #list(): void {
    const until = performance.now() + patience;
    for (const { order, fds } of this.ports()) this.tell({ event: 'port', order }, fds, until);
    this.tell({ event: 'listed' }, [], until);
  }

  #fail(error: SysError): void {
    // First, since complaints are told to the broker as well, if there is one
    this.#leave();
    this.complain(`the broker is left: ${describeSysError(error)}`);
    this.left();
  }

  #leave(): void {
    if (this.#broker === undefined) return;
    this.#watch.remove(this.#broker.fd);
    this.#broker.close();
    this.#broker = undefined;
  }
}
