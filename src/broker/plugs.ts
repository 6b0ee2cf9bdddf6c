/** Puts ports into the switch and takes them out. */
import { err, ok, type Result } from 'neverthrow';
import type { SysError } from '../core/sys-error.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { PlugOrder } from '../protocol/switch-order.js';
import type { About } from './plug-order.js';
import type { SwitchLink } from './switch-link.js';
import type { SwitchPort, SwitchPorts } from './switch-ports.js';

export class Plugs {
  constructor(
    private readonly link: Pick<SwitchLink, 'send'>,
    private readonly ports: SwitchPorts,
  ) {}

  /** @param fds belong to the port; on an error they are closed. */
  plug(
    about: About,
    { network, account, role }: Pick<SwitchPort, 'network' | 'account' | 'role'>,
    fds: readonly OwnedFd[],
  ): Result<SwitchPort, SysError> {
    const order: PlugOrder = {
      ...about,
      port: this.ports.freePort(),
      network: this.ports.networkNumber(network),
    };
    const sent = this.link.send({ order: 'plug', ...order }, fds);
    if (sent.isErr()) {
      for (const fd of fds) fd.close();
      return err(sent.error);
    }
    const port: SwitchPort = { order, fds, network, account, role, leaving: false };
    this.ports.add(port);
    return ok(port);
  }

  /** @returns false: it is on its way out by now. */
  unplug(port: SwitchPort): boolean {
    if (port.leaving || this.ports.get(port.order.port) !== port) return false;
    this.ports.leave(port);
    // A switch that cannot be told is lost, and the next one does not get the port
    void this.link.send({ order: 'unplug', port: port.order.port }, []).isOk();
    return true;
  }
}
