/**
 * What lies around networks, asked while they are listed: which interfaces lead out of a bridge, what the host does there,
 * whether there is vhost-net. Each is asked once in an outlook's life, which is one turn; and of ports that the broker did
 * not make few are looked at, however many a bridge has, so that no listing holds up the grants behind it.
 */
import { err, ok, type Result } from 'neverthrow';
import type { InterfaceName } from '../core/names.js';
import type { SysError } from '../core/sys-error.js';
import type { Kernel, Link, PortVlan } from '../kernel/kernel.js';
import type { HostOnLink, VlanLink } from '../kernel/surroundings.js';
import type { VirtualFunction } from '../kernel/virtual-functions.js';
import type { NetworkFacts } from './network.js';

/**
 * Ports that are looked at one by one, over all bridges: 2 ms, in a program without a compiler (--jitless). A bridge with
 * 1,000 ports of the broker's and an uplink takes 0.2 ms.
 */
export const mostLooks = 64;

const nobody: HostOnLink = { hasAddress: false, routes: false };

/** Whether frames given to a link leave for somewhere that is no guest: a wire, a container, another bridge. */
export function leadsOut({ kind, up, carrier }: Link): boolean {
  return up && carrier && !['tun', 'macvtap', 'dummy'].includes(kind);
}

/** Who has this interface for a way out gets there where it leads anywhere and has a carrier; undefined: it is missing. */
export function outsideBy(link: Link | undefined): Pick<NetworkFacts, 'outsideReachable'> & Partial<NetworkFacts> {
  return link !== undefined && leadsOut(link)
    ? { outsideReachable: true, uplinks: [link.name] }
    : { outsideReachable: false };
}

/** Of guests whose frames go out by an interface, past the host's own IP there. */
export function hostCaution(by: InterfaceName): string {
  return `its guests cannot reach this host's own addresses on ${by}, nor the host them`;
}

export interface Uplinks {
  /** The ports that lead out, those that joined first before others. */
  readonly links: readonly Link[];
  /** Whether every port was looked at. */
  readonly all: boolean;
}

export class Outlook {
  #looks = mostLooks;
  #vhost: boolean | undefined;
  #vlanLinks: Result<readonly VlanLink[], SysError> | undefined;
  #links: Result<readonly Link[], SysError> | undefined;
  readonly #functions = new Map<number, Result<readonly VirtualFunction[], SysError>>();
  readonly #uplinks = new Map<number, Result<Uplinks, SysError>>();
  readonly #hosts = new Map<number, Result<HostOnLink, SysError>>();
  readonly #vlans = new Map<number, Result<readonly PortVlan[], SysError>>();

  /** @param isPort whether the broker made the link of that ifindex: it is a guest's then, and not looked at. */
  constructor(
    readonly kernel: Kernel,
    readonly isPort: (ifindex: number) => boolean = () => false,
  ) {}

  get vhost(): boolean {
    this.#vhost ??= this.kernel.surroundings.mayOpenVhost();
    return this.#vhost;
  }

  /** Every link there is, which takes long where there are many. */
  allLinks(): Result<readonly Link[], SysError> {
    this.#links ??= this.kernel.listLinks();
    return this.#links;
  }

  /** Those of a physical function (SR-IOV). */
  functionsOf(physical: number): Result<readonly VirtualFunction[], SysError> {
    return remembered(this.#functions, physical, () => this.kernel.functions.list(physical));
  }

  /** @param vlan of the bridge whose frames are meant; undefined: it does not filter VLANs. */
  hostOn({ ifindex }: Link, vlan?: number): Result<HostOnLink, SysError> {
    if (vlan === undefined) return this.#host(ifindex);
    return this.vlansOf(ifindex).andThen((vlans) => {
      const member = vlans.find((one) => one.vlan === vlan);
      if (member === undefined) return ok(nobody);
      if (member.pvid && member.untagged) return this.#host(ifindex);
      // Its frames come to the bridge with their tag, and so to an interface on top of it
      this.#vlanLinks ??= this.kernel.surroundings.vlanLinks();
      return this.#vlanLinks.andThen((links) => {
        const above = links.find((link) => link.on === ifindex && link.vlan === vlan && link.up);
        return above === undefined ? ok(nobody) : this.#host(above.ifindex);
      });
    });
  }

  #host(ifindex: number): Result<HostOnLink, SysError> {
    return remembered(this.#hosts, ifindex, () => this.kernel.surroundings.hostOnLink(ifindex));
  }

  vlansOf(ifindex: number): Result<readonly PortVlan[], SysError> {
    return remembered(this.#vlans, ifindex, () => this.kernel.portVlans(ifindex));
  }

  /** @param ifindex of the bridge of that name. */
  uplinksOf(bridge: InterfaceName, ifindex: number): Result<Uplinks, SysError> {
    return remembered(this.#uplinks, ifindex, () =>
      this.kernel.surroundings
        .bridgePorts(bridge)
        .andThen((ports) => this.#lookAt(ports.filter((port) => !this.isPort(port)))),
    );
  }

  #lookAt(ports: readonly number[]): Result<Uplinks, SysError> {
    const links: Link[] = [];
    const seen = ports.slice(0, this.#looks);
    this.#looks -= seen.length;
    for (const port of seen) {
      const found = this.kernel.linkByIndex(port);
      if (found.isErr()) return err(found.error);
      if (found.value !== undefined && leadsOut(found.value)) links.push(found.value);
    }
    return ok({ links, all: seen.length === ports.length });
  }
}

function remembered<T>(memory: Map<number, T>, key: number, ask: () => T): T {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const found = ask();
  memory.set(key, found);
  return found;
}
