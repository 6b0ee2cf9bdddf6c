/**
 * The ports that a network has by itself, besides its guests': its uplink. They are there while it has a guest. What each is
 * to be is planned anew by the kernel's word of the moment; making it is another step.
 */
import { ok, type Result } from 'neverthrow';
import type { NetworkName } from '../core/names.js';
import { type OwnRole, ownRoles } from '../core/port-label.js';
import type { SwitchedNetwork } from '../core/switched.js';
import type { Kernel } from '../kernel/kernel.js';
import { type NetworkError, networkError, type OwnPortPlan } from '../networks/network.js';
import { planUplink } from '../networks/uplink.js';
import { ownOrder } from './plug-order.js';
import type { Plugs } from './plugs.js';
import { complain, describeLinkError } from './switch-link.js';
import type { SwitchPort, SwitchPorts } from './switch-ports.js';

export class OwnPorts {
  /** How the network's port of each role is to be; undefined: it has none. */
  readonly #planners: Record<OwnRole, (network: SwitchedNetwork) => Result<OwnPortPlan | undefined, NetworkError>> = {
    uplink: (network) => planUplink(this.kernel, network, (socket) => this.ports.sharing(socket)),
  };

  constructor(
    private readonly kernel: Kernel,
    private readonly ports: SwitchPorts,
    private readonly plugs: Plugs,
  ) {}

  /** Makes those that it lacks: without them no guest gets a port. Those that could be made stay until {@link drop}. */
  bring(network: SwitchedNetwork): Result<void, NetworkError> {
    const there = this.ports.ownOf(network.name);
    return ownRoles
      .filter((role) => !there.some((port) => port.role === role))
      .reduce<Result<void, NetworkError>>((done, role) => done.andThen(() => this.#make(network, role)), ok());
  }

  /** Takes them away when no guest is left. */
  drop(network: NetworkName): void {
    if (this.ports.hasGuests(network)) return;
    for (const port of this.ports.ownOf(network)) this.plugs.unplug(port);
  }

  /** To be called when the switch has let go of one that was not to go, before it is taken off the ports. */
  lost({ network }: SwitchPort): void {
    if (!this.ports.hasGuests(network)) return;
    const remedy = 'see to its interface; the next guest that asks for the network gives it another';
    complain(`network "${network}" has lost its uplink, and its guests reach each other alone: ${remedy}`);
  }

  #make(network: SwitchedNetwork, role: OwnRole): Result<void, NetworkError> {
    const { name } = network;
    return this.#planners[role](network).andThen((plan) => {
      if (plan === undefined) return ok();
      return plan.open().andThen((fds) =>
        this.plugs
          .plug(ownOrder(network, role, plan), { network: name, account: undefined, role }, fds)
          .map(() => undefined)
          .mapErr((error) => networkError(`network "${name}" cannot be opened: ${describeLinkError(error)}`)),
      );
    });
  }
}
