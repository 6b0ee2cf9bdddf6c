/** The ports that the switch has, or is to have, and their descriptors, of which the broker holds a copy each. */
import type { NetworkName } from '../core/names.js';
import { type OwnRole, ownRoles } from '../core/port-label.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { SharedSocket } from '../networks/qdes.js';
import type { PlugOrder } from '../protocol/switch-order.js';

/** Ports at once: the switch has room for as many. */
const mostPorts = 4096;
/** Of one account, so that nobody takes them all. */
const mostOfOne = mostPorts / 4;

export interface SwitchPort {
  readonly order: PlugOrder;
  readonly fds: readonly OwnedFd[];
  readonly network: NetworkName;
  /** The uid by which a guest's port counts; undefined: it is the network's own. */
  readonly account: number | undefined;
  /** Which of those that a network has by itself; undefined: a guest's. */
  readonly role: OwnRole | undefined;
  /** Called when the port is no more. */
  told?: (reason: string) => void;
  /** The switch was told to let it go: its number is free when it says so. */
  leaving: boolean;
  /** What it is made on has gone, and its sockets are of no use to others either. */
  dead?: boolean;
}

export class SwitchPorts {
  readonly #ports = new Map<number, SwitchPort>();

  /** @param changed is told of each port that comes or goes. */
  constructor(private readonly changed: (port: number) => void) {}

  [Symbol.iterator](): IterableIterator<SwitchPort> {
    return this.#ports.values();
  }

  get(port: number): SwitchPort | undefined {
    return this.#ports.get(port);
  }

  add(port: SwitchPort): void {
    this.#ports.set(port.order.port, port);
    this.changed(port.order.port);
  }

  /** It is to be no more; its number is not free as yet. */
  leave(port: SwitchPort): void {
    port.leaving = true;
    this.changed(port.order.port);
  }

  /** Closes its descriptors. */
  remove({ order, fds }: SwitchPort): void {
    this.#ports.delete(order.port);
    for (const fd of fds) fd.close();
    this.changed(order.port);
  }

  /** Why this account gets no port more; undefined: it does. */
  noRoomFor(account: number): string | undefined {
    const own = [...this].filter((port) => port.account === account).length;
    if (own >= mostOfOne) return `uid ${account} has ${own} ports of the switch; let some end, and try again`;
    // Some are left for those that the network has by itself
    return this.#ports.size + ownRoles.length >= mostPorts
      ? 'the switch has all the ports that it can; try again later'
      : undefined;
  }

  /** A number that no port has. */
  freePort(): number {
    return lowestBut(new Set(this.#ports.keys()));
  }

  /** The switch's number for a network: the same for all of its ports. */
  networkNumber(name: NetworkName): number {
    for (const { network, order } of this) if (network === name) return order.network;
    return lowestBut(new Set([...this].map(({ order }) => order.network)));
  }

  /** The uplinks whose socket has that name (core/qdes-line.ts). */
  sharing(socket: string): SharedSocket[] {
    return [...this].flatMap(({ order, fds, network, leaving, dead = false }) => {
      const [fd] = fds;
      if (fd === undefined || order.line?.socket !== socket || dead) return [];
      return [{ fd, network, id: order.line.id, leaving }];
    });
  }

  /** Those that the network has by itself. */
  ownOf(name: NetworkName): SwitchPort[] {
    return [...this].filter(({ network, role, leaving }) => network === name && role !== undefined && !leaving);
  }

  /** Networks that have a port which is no way to the outside. */
  networksInUse(): Set<NetworkName> {
    return new Set([...this].flatMap(({ network, order, leaving }) => (order.uplink || leaving ? [] : [network])));
  }

  /** Whether the network, or where none is named any network, has a port that is no way to the outside. */
  hasStations(name?: NetworkName): boolean {
    return [...this].some(
      ({ network, order, leaving }) => !order.uplink && !leaving && (name === undefined || network === name),
    );
  }

  /** Whether the network has a guest's port. */
  hasGuests(name: NetworkName): boolean {
    return [...this].some(({ network, role, leaving }) => role === undefined && !leaving && network === name);
  }
}

function lowestBut(taken: ReadonlySet<number>): number {
  let number = 0;
  while (taken.has(number)) number += 1;
  return number;
}
