/**
 * Plugs ports into the switch and follows them. The broker has a copy of every descriptor that it gave the switch, so that
 * one that is killed is started again with the same ports; and the switch has them, so that a broker that was killed
 * finds them there.
 */
import { performance } from 'node:perf_hooks';
import { err, ok, type Result } from 'neverthrow';
import type { Grant } from '../core/grant.js';
import { describeSysError } from '../core/sys-error.js';
import type { Kernel } from '../kernel/kernel.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { type Life, type NetworkError, networkError } from '../networks/network.js';
import type { Switchboard as Board, SwitchPortWish } from '../networks/switched.js';
import type { InspectOrder } from '../protocol/inspect-order.js';
import type { SwitchEvent } from '../protocol/switch-order.js';
import type { Ends, Keeper } from './keeper.js';
import { OwnPorts, type OwnPortsAround } from './own-ports.js';
import { guestOrder, readLabel } from './plug-order.js';
import { Plugs } from './plugs.js';
import { complain, describeLinkError, type Found, patience, type SwitchLink } from './switch-link.js';
import { type SwitchPort, SwitchPorts } from './switch-ports.js';

/** Milliseconds before a switch is started again that lasted no longer than that. */
const pause = 1000;
const reason = 'nobody holds it any more';

/** A guest's port that the switch had before this broker started. */
export interface Known {
  readonly grant: Grant;
  readonly mtu: number;
  readonly life: Life;
}

/** What it needs of the broker. */
export interface Around extends OwnPortsAround {
  /** The uid by which a uid counts. */
  accountOf(uid: number): number;
}

export class Switchboard implements Board, Disposable {
  readonly #ports: SwitchPorts;
  readonly #plugs: Plugs;
  readonly own: OwnPorts;
  #known: (known: Known) => void = () => {};
  #started = Number.NEGATIVE_INFINITY;
  #later: NodeJS.Timeout | undefined;

  constructor(
    kernel: Kernel,
    private readonly link: SwitchLink,
    private readonly keeper: Keeper,
    private readonly around: Around,
  ) {
    this.#ports = new SwitchPorts((port) => keeper.changed(port));
    this.#plugs = new Plugs(link, this.#ports);
    this.own = new OwnPorts(kernel, this.#ports, this.#plugs, around);
    keeper.follow(this.#ports);
    link.handle({ event: (event) => this.#take(event), lost: () => this.#again() });
  }

  /**
   * Takes on the ports of a switch that runs, or else those that a keeper has from one that was killed, and starts another.
   *
   * @param known is told of each guest's.
   */
  resume(known: (known: Known) => void): void {
    this.#known = known;
    const kept = this.keeper.list();
    const found = this.link.find();
    if (found !== undefined) {
      this.#agree(found);
      for (const { fds } of kept) for (const fd of fds) fd.close();
    } else {
      for (const one of kept) this.#adopt(one);
      for (const { network } of [...this.#ports]) this.own.drop(network);
      if (this.#ports.hasStations()) this.#again();
    }
    this.own.review();
    // Of what has ended meanwhile it is to let go
    for (const { order } of kept) this.keeper.changed(order.port);
  }

  plug(wish: SwitchPortWish, end: OwnedFd): Result<Life, NetworkError> {
    const { network, grant } = wish;
    const account = this.around.accountOf(grant.uid);
    const full = this.#ports.noRoomFor(account);
    const cannot = (why: string) => networkError(`network "${network.name}" cannot be opened: ${why}`);
    const connected = full === undefined ? this.#connect() : err(full);
    const ready = connected.mapErr(cannot).andThen(() => this.own.bring(network));
    if (ready.isErr()) {
      end.close();
      this.own.drop(network.name);
      return err(ready.error);
    }
    const whose = { network: network.name, account, role: undefined };
    const plugged = this.#plugs.plug(guestOrder(wish), whose, [end]);
    if (plugged.isErr()) {
      this.own.drop(network.name);
      return err(cannot(describeLinkError(plugged.error)));
    }
    return ok(this.#lifeOf(plugged.value));
  }

  /** Whether there is a switch. */
  get connected(): boolean {
    return this.link.connected;
  }

  get ports(): Iterable<SwitchPort> {
    return this.#ports;
  }

  /** @param end of a pipe, into which the switch is to write; it stays the caller's. @returns why not, a sentence. */
  inspect(order: InspectOrder, end: OwnedFd): Result<void, string> {
    return this.link.send(order, [end]).mapErr(describeLinkError);
  }

  openTap(mtu: number, vnetHdr: boolean): Promise<Result<Ends, string>> {
    return this.keeper.openTap(mtu, vnetHdr);
  }

  /** The ports stay, at the switch. */
  [Symbol.dispose](): void {
    clearTimeout(this.#later);
    this.own[Symbol.dispose]();
    this.link.leave(!this.#ports.hasStations());
    this.keeper.leave(!this.#ports.hasStations());
    for (const { fds } of this.#ports) for (const fd of fds) fd.close();
    this.link[Symbol.dispose]();
    this.keeper[Symbol.dispose]();
  }

  /** A guest's. */
  #unplug(port: SwitchPort): void {
    if (this.#plugs.unplug(port)) this.own.drop(port.network);
  }

  #lifeOf(port: SwitchPort): Life {
    return {
      whenEnded: (then) => {
        if (this.#ports.get(port.order.port) === port) port.told = then;
        else then(reason);
      },
      [Symbol.dispose]: () => this.#unplug(port),
    };
  }

  #take(event: SwitchEvent): void {
    if (event.event === 'said') return complain(`the switch: ${event.message}`);
    if (event.event !== 'ended' && event.event !== 'refused') return;
    const port = this.#ports.get(event.port);
    if (port === undefined) return;
    const refused = event.event === 'refused' ? `the switch refuses a port: ${event.message}` : undefined;
    if (refused !== undefined && port.role !== 'uplink') complain(refused);
    this.#gone(port);
    if (!port.leaving) this.own.ended(port, refused);
  }

  #gone(port: SwitchPort): void {
    this.#ports.remove(port);
    port.told?.(reason);
    this.own.drop(port.network);
  }

  /** A switch that runs, or a new one with the ports that there are to be. */
  #connect(): Result<void, string> {
    if (this.link.connected) return ok();
    const found = this.link.find();
    if (found !== undefined) {
      this.#agree(found);
      return ok();
    }
    if (performance.now() - this.#started < pause) return err('the switch has just ended; try again in a second');
    this.#started = performance.now();
    return this.link
      .start()
      .map(() => this.#agree([]))
      .mapErr((error) => `the switch cannot be started: ${describeSysError(error)}`);
  }

  /** Takes on what a switch has and this broker does not know, and plugs what it lacks. */
  #agree(found: readonly Found[]): void {
    const told = new Set(found.map(({ order }) => order.port));
    for (const one of found) {
      if (this.#ports.get(one.order.port) === undefined) this.#adopt(one);
      else for (const fd of one.fds) fd.close();
    }
    // Some hundred orders lie in a socket, and one that was just started does not read yet
    const until = performance.now() + patience;
    // Uplinks come first, as from the start: they say which networks share a socket, and with it a thread of the switch
    const ports = [...this.#ports].sort((one, other) => Number(other.order.uplink) - Number(one.order.uplink));
    for (const port of ports) {
      if (told.has(port.order.port)) continue;
      if (port.leaving) this.#gone(port);
      else void this.link.send({ order: 'plug', ...port.order }, port.fds, until).isOk();
    }
  }

  #adopt({ order, fds }: Found): void {
    const { network, guest, own } = readLabel(order);
    const account = guest === undefined ? undefined : this.around.accountOf(guest.grant.uid);
    const port: SwitchPort = { order, fds, network, account, role: own?.role, leaving: false };
    this.#ports.add(port);
    if (order.line !== undefined) this.own.keys.adopt(network, order.line.keys);
    if (guest !== undefined) this.#known({ ...guest, life: this.#lifeOf(port) });
  }

  /** The switch has ended: the next one gets its ports. */
  #again(): void {
    if (!this.#ports.hasStations()) {
      for (const port of [...this.#ports]) this.#gone(port);
      return;
    }
    const wait = Math.max(0, pause - (performance.now() - this.#started));
    complain('the switch is lost, and its ports get another');
    this.#later = setTimeout(() => {
      const connected = this.#connect();
      if (connected.isOk()) return this.own.review();
      complain(connected.error);
      this.#again();
    }, wait);
  }
}
