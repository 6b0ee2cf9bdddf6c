/**
 * Plugs ports into the switch and follows them. The broker has a copy of every descriptor that it gave the switch, so that
 * one that is killed is started again with the same ports; and the switch has them, so that a broker that was killed
 * finds them there.
 */
import { err, ok, type Result } from 'neverthrow';
import type { Network } from '../core/config.js';
import type { Grant } from '../core/grant.js';
import type { Kernel } from '../kernel/kernel.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { type Life, type NetworkError, networkError } from '../networks/network.js';
import type { Switchboard as Board, PluggedLife, SwitchPortWish } from '../networks/switched.js';
import type { InspectOrder } from '../protocol/inspect-order.js';
import type { SwitchEvent } from '../protocol/switch-order.js';
import { AddressWaits, isInUse } from './address-waits.js';
import { complain } from './complain.js';
import { HostEnds } from './host-ends.js';
import type { Ends, Keeper } from './keeper.js';
import { OwnPorts, type OwnPortsAround } from './own-ports.js';
import { guestOrder, readLabel } from './plug-order.js';
import { Plugs } from './plugs.js';
import { Replug } from './replug.js';
import { describeLinkError, type Found, type SwitchLink } from './switch-link.js';
import { type SwitchPort, SwitchPorts } from './switch-ports.js';
import { SwitchReach } from './switch-reach.js';

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
  readonly #hosts: HostEnds;
  readonly #waits = new AddressWaits((network) => this.own.bring(network));
  #known: (known: Known) => void = () => {};
  readonly #reach: SwitchReach;
  readonly #rest: Replug;

  constructor(
    kernel: Kernel,
    private readonly link: SwitchLink,
    private readonly keeper: Keeper,
    private readonly around: Around,
  ) {
    this.#ports = new SwitchPorts((port) => keeper.changed(port));
    this.#plugs = new Plugs(link, this.#ports);
    this.own = new OwnPorts(kernel, this.#ports, this.#plugs, around);
    this.#hosts = new HostEnds(kernel, this.#ports, this.own, () => this.#connect());
    keeper.follow(this.#ports);
    this.#rest = new Replug(
      link,
      (port) => this.#ports.get(port.order.port) === port,
      (port) => this.#gone(port),
    );
    this.#reach = new SwitchReach(link, {
      wanted: () => this.#ports.hasStations(),
      agree: (found) => this.#agree(found),
      back: () => this.#review(),
      over: () => {
        for (const port of [...this.#ports]) this.#gone(port);
      },
    });
    link.handle({
      event: (event) => this.#take(event),
      found: (ports) => this.#reach.found(ports),
      lost: () => this.#reach.lost(),
    });
  }

  /**
   * Takes on the ports of a switch that runs, or else those that a keeper has from one that was killed, and starts another.
   *
   * @param known is told of each guest's.
   */
  resume(known: (known: Known) => void): void {
    this.#known = known;
    const kept = this.keeper.list();
    const found = this.#reach.find();
    if (found !== undefined && found !== 'coming' && found.length > 0) {
      this.#agree(found);
      for (const { fds } of kept) for (const fd of fds) fd.close();
    } else {
      for (const one of kept) this.#adopt(one);
      if (found === 'coming') return;
      // One without any was just started by a service manager
      if (found !== undefined) this.#agree(found);
      else if (this.#ports.hasStations()) this.#reach.lost();
    }
    this.#review();
    // Of what has ended meanwhile it is to let go
    for (const { order } of kept) this.keeper.changed(order.port);
  }

  ready(): Promise<void> | undefined {
    return this.#reach.ready();
  }

  plug(wish: SwitchPortWish, end: OwnedFd, waited: Result<void, NetworkError> = ok()): PluggedLife {
    const { network, grant } = wish;
    const account = this.around.accountOf(grant.uid);
    const full = this.#ports.noRoomFor(account);
    const cannot = (why: string) => networkError(`network "${network.name}" cannot be opened: ${why}`);
    const connected = full === undefined ? this.#connect() : err(full);
    const ready = waited.andThen(() => connected.mapErr(cannot)).andThen(() => this.own.bring(network));
    if (ready.isErr()) {
      this.own.drop(network.name);
      // Switch and keeper may not have closed what the network had a moment ago
      if (waited.isOk() && isInUse(ready)) return this.#waits.until(network).then((it) => this.plug(wish, end, it));
      end.close();
      return err(ready.error);
    }
    const whose = { network: network.name, account, role: undefined };
    const plugged = this.#plugs.plug(guestOrder(wish), whose, [end]);
    if (plugged.isErr()) {
      this.own.drop(network.name);
      return err(cannot(describeLinkError(plugged.error)));
    }
    // A guest does not wait for it
    if (network.host !== undefined) setImmediate(() => this.#hosts.look());
    return ok(this.#lifeOf(plugged.value));
  }

  /** The networks of the configuration: what they have by themselves without guests is there from now on, and nothing else. */
  keep(networks: Iterable<Network>): void {
    this.#hosts.keep(networks);
  }

  /** Something has happened to an interface. @param gone see OwnPorts. */
  review(gone: ReadonlySet<number>): void {
    this.own.review(gone);
    this.#hosts.review();
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
    this.#reach[Symbol.dispose]();
    this.#rest[Symbol.dispose]();
    this.own[Symbol.dispose]();
    this.#hosts[Symbol.dispose]();
    const last = !this.#ports.hasStations();
    this.link.leave(last);
    this.keeper.leave(last);
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
    if (port.role === 'host' && !port.leaving) this.#hosts.lost(port);
  }

  #connect(): Result<void, string> {
    return this.#reach.connect();
  }

  /** Takes on what a switch has and this broker does not know, and plugs what it lacks. */
  #agree(found: readonly Found[]): void {
    const told = new Set(found.map(({ order }) => order.port));
    for (const one of found) {
      const known = this.#ports.get(one.order.port);
      // A keeper may have been told less than a switch
      if (known !== undefined && known.order.label !== one.order.label) this.#gone(known);
      if (this.#ports.get(one.order.port) === undefined) this.#adopt(one);
      else for (const fd of one.fds) fd.close();
    }
    // Uplinks come first, as from the start: they say which networks share a socket, and with it a thread of the switch
    const ports = [...this.#ports].sort((one, other) => Number(other.order.uplink) - Number(one.order.uplink));
    this.#rest.start(ports.filter((port) => !told.has(port.order.port)));
  }

  /** What networks have by themselves, after a while in which nobody could see to it. */
  #review(): void {
    for (const network of new Set([...this.#ports].map((port) => port.network))) this.own.drop(network);
    this.own.review();
    this.#hosts.review();
  }

  #adopt({ order, fds }: Found): void {
    const { network, guest, own } = readLabel(order);
    const account = guest === undefined ? undefined : this.around.accountOf(guest.grant.uid);
    const port: SwitchPort = { order, fds, network, account, role: own?.role, leaving: false };
    this.#ports.add(port);
    if (order.line !== undefined) this.own.keys.adopt(network, order.line.keys);
    if (guest !== undefined) this.#known({ ...guest, life: this.#lifeOf(port) });
  }
}
