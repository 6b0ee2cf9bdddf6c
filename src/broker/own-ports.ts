/**
 * The ports that a network has by itself, besides its guests': its uplink, and the host's end. What each is to be is planned
 * anew by the kernel's word of the moment; making it is another step. An uplink that is lost, or is to be otherwise by now,
 * is made anew when something has happened to an interface, and nobody need ask; the host's end is host-ends.ts's.
 */
import { ok, type Result } from 'neverthrow';
import type { Network } from '../core/config.js';
import type { InterfaceName, NetworkName } from '../core/names.js';
import type { OwnRole } from '../core/port-label.js';
import type { SwitchedNetwork } from '../core/switched.js';
import type { Kernel } from '../kernel/kernel.js';
import { planHost } from '../networks/host.js';
import { type NetworkError, networkError, type OwnPortPlan } from '../networks/network.js';
import { planUplink } from '../networks/uplink.js';
import { isInUse } from './address-waits.js';
import { KeyRing } from './key-ring.js';
import { type LostPort, LostPorts } from './lost-ports.js';
import { isAs, madeOn, ownOrder } from './plug-order.js';
import type { Plugs } from './plugs.js';
import { describeLinkError } from './switch-link.js';
import type { SwitchPort, SwitchPorts } from './switch-ports.js';

/** Those without which no guest gets a port; they are made anew by themselves. */
const needed: readonly OwnRole[] = ['uplink'];
/** Ports that are made in one turn. */
const atOnce = 64;
/** How often one is made anew without a word when it ends at once, or switch and keeper have yet to close what was there. */
const fewTries = 3;

export interface OwnPortsAround {
  /** Of the configuration in force; undefined: it has no such network. */
  networkOf(name: NetworkName): SwitchedNetwork | undefined;
  /** It is missing, and this is why; once until it is back. */
  lost(port: LostPort): void;
  back(port: LostPort): void;
}

/** Follows interfaces. */
export interface InterfaceWatch {
  follow(name: InterfaceName): void;
  only(names: ReadonlySet<InterfaceName>): void;
}

export class OwnPorts implements Disposable {
  /** Tells {@link review} of what happens to the interfaces of networks with guests. */
  watch: InterfaceWatch | undefined;
  /** How the network's port of each role is to be; undefined: it has none. */
  readonly #planners: Record<OwnRole, (network: SwitchedNetwork) => Result<OwnPortPlan | undefined, NetworkError>> = {
    uplink: (network) =>
      planUplink(this.kernel, network, {
        sharing: (socket) => this.ports.sharing(socket),
        keysOf: (of) => this.keys.of(of),
      }),
    host: (network) => planHost(this.kernel, network),
  };
  readonly #lost = new LostPorts();
  readonly keys = new KeyRing(process.geteuid?.() ?? 0);
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly kernel: Kernel,
    private readonly ports: SwitchPorts,
    private readonly plugs: Plugs,
    private readonly around: OwnPortsAround,
  ) {}

  /** Those that are missing while somebody needs them. */
  get lost(): Iterable<LostPort> {
    return [...this.#lost].filter(({ reason }) => reason !== undefined);
  }

  /** Makes those that it lacks and that guests need; they stay until {@link drop}. */
  bring(network: SwitchedNetwork): Result<void, NetworkError> {
    return this.#lacking(network.name).reduce<Result<void, NetworkError>>(
      (done, role) => done.andThen(() => this.make(network, role)),
      ok(),
    );
  }

  /** The same for who can do without: what cannot be made now is lost, and made when it can be. */
  want(network: SwitchedNetwork): void {
    for (const role of this.#lacking(network.name)) this.#lost.add(network.name, role);
    this.#try();
  }

  #lacking(network: NetworkName): OwnRole[] {
    const there = this.ports.ownOf(network);
    return needed.filter((role) => !there.some((port) => port.role === role));
  }

  /** Takes them away when nobody is left whom they are for. */
  drop(network: NetworkName): void {
    if (this.ports.hasStations(network)) return;
    for (const port of this.ports.ownOf(network)) this.plugs.unplug(port);
    this.#lost.forget(network);
    this.keys.forget(network);
    const others = [...this.ports.networksInUse()].map((name) => this.around.networkOf(name));
    this.watch?.only(new Set(others.flatMap((other) => (other === undefined ? [] : interfacesOf(other)))));
  }

  /** Takes away one of them, and the others where nobody is left whom they are for. */
  end(port: SwitchPort): void {
    this.plugs.unplug(port);
    this.drop(port.network);
  }

  /**
   * To be called when the switch has let go of one that was not to go, and it is off the ports.
   *
   * @param refused why it has not taken it, a clause; left out: it had it.
   */
  ended({ network, role }: SwitchPort, refused?: string): void {
    if (role === undefined || !needed.includes(role) || !this.ports.hasStations(network)) return;
    const lost = this.#lost.add(network, role);
    const why = refused ?? (lost.tries < fewTries ? undefined : 'its socket fails as soon as it is made');
    if (why !== undefined) this.#tellLost(lost, networkError(why));
    this.#arm();
  }

  /**
   * Looks whether each is as it is to be: when something has happened to an interface, when the configuration was read
   * anew, and when another broker or another switch has begun.
   *
   * @param gone ifindexes of links that have gone, though others may have these numbers by now.
   */
  review(gone: ReadonlySet<number> = new Set()): void {
    // Also those that are on their way out
    for (const port of this.ports) if (port.role === 'uplink' && gone.has(madeOn(port.order))) this.#bury(port);
    for (const name of this.ports.networksInUse()) {
      const network = this.around.networkOf(name);
      // It is not in the configuration any more: what is there stays, and nothing is added
      if (network === undefined) continue;
      this.#follow(network);
      const there = this.ports.ownOf(name);
      for (const role of needed)
        this.#review(
          network,
          role,
          there.find((port) => port.role === role),
        );
    }
    this.#lost.hurry();
    this.#try();
  }

  /**
   * To be called when there is another configuration: reads key files anew, and makes anew what is to be otherwise.
   *
   * @returns what is wrong with key files, a line each.
   */
  reload(networks: Iterable<Network>): string[] {
    const wrong = this.keys.reread([...networks].filter((network) => network.type === 'qdes'));
    this.review();
    return wrong;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #review(network: SwitchedNetwork, role: OwnRole, port: SwitchPort | undefined): void {
    const { name } = network;
    if (port === undefined) {
      this.#lost.add(name, role);
      return;
    }
    const plan = this.#planners[role](network);
    if (
      port.dead !== true &&
      plan.isOk() &&
      plan.value !== undefined &&
      isAs(port.order, ownOrder(network, role, plan.value))
    )
      return;
    this.plugs.unplug(port);
    if (plan.isOk() && plan.value === undefined) return;
    const lost = this.#lost.add(name, role);
    if (plan.isErr()) this.#tellLost(lost, plan.error);
  }

  /** What it was made on has gone. Copies of its sockets close later, and another link may have the number by then. */
  #bury(port: SwitchPort): void {
    port.dead = true;
    const network = this.around.networkOf(port.network);
    const group = port.order.line?.group ?? (network?.type === 'multicast' ? network.group : undefined);
    const [socket] = port.fds;
    if (group === undefined || socket === undefined) return;
    // Of several ports that share the socket the first one does it
    void this.kernel.sockets.leaveGroup(socket, group.address, madeOn(port.order)).isOk();
  }

  /** Makes those whose time has come, as many as others can wait for. */
  #try(): void {
    const due = this.#lost.due(atOnce);
    for (const lost of due) {
      const network = this.around.networkOf(lost.network);
      const made = network === undefined ? undefined : this.make(network, lost.role);
      if (made?.isErr() && !(isInUse(made) && lost.tries < fewTries)) this.#tellLost(lost, made.error);
    }
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { wait } = this.#lost;
    if (wait !== undefined) this.#timer = setTimeout(() => this.#try(), wait);
  }

  /** Makes the one that it lacks, if it is to have one. */
  make(network: SwitchedNetwork, role: OwnRole): Result<void, NetworkError> {
    const { name } = network;
    this.#follow(network);
    return this.#planners[role](network).andThen((plan) => {
      if (plan === undefined) return ok();
      return plan.open().andThen((fds) =>
        this.plugs
          .plug(ownOrder(network, role, plan), { network: name, account: undefined, role }, fds)
          .map(() => this.#tellBack(name, role))
          .mapErr((error) => networkError(`network "${name}" cannot be opened: ${describeLinkError(error)}`)),
      );
    });
  }

  #follow(network: SwitchedNetwork): void {
    for (const name of interfacesOf(network)) this.watch?.follow(name);
  }

  #tellBack(network: NetworkName, role: OwnRole): void {
    const lost = this.#lost.get(network, role);
    this.#lost.made(network, role);
    if (lost?.reason !== undefined) this.around.back(lost);
  }

  #tellLost(lost: LostPort, { what }: NetworkError): void {
    const first = lost.reason === undefined;
    lost.reason = what.replace(/^network "[^"]*"(?: cannot be opened)?: /, '');
    if (first) this.around.lost(lost);
  }
}

/** Those that something may happen to which changes what the network's ports are to be. */
function interfacesOf({ interface: own, host }: SwitchedNetwork): InterfaceName[] {
  return host === undefined ? [own] : [own, host.name];
}
