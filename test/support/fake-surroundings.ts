/** What is around the networks of a kernel in memory. */
import type { Result } from 'neverthrow';
import type { InterfaceName } from '../../src/core/names.js';
import type { SysError } from '../../src/core/sys-error.js';
import type { Link } from '../../src/kernel/kernel.js';
import type { HostOnLink, Surroundings, VlanLink } from '../../src/kernel/surroundings.js';

export class FakeSurroundings implements Surroundings {
  /** What the host does on links, by ifindex; nothing on others. */
  readonly host = new Map<number, HostOnLink>();
  /** Addresses that links have, of any family, by ifindex; others have one. */
  readonly addresses = new Map<number, readonly string[]>();
  /** Interfaces for VLANs, on top of others. */
  readonly above: VlanLink[] = [];
  /** Whether there is a /dev/vhost-net for the broker. */
  vhost = true;

  /**
   * @param call notes a call by its name, and fails where it is to fail.
   * @param links every link there is at that moment.
   */
  constructor(
    private readonly call: (name: string) => Result<void, SysError>,
    private readonly links: () => readonly Link[],
  ) {}

  bridgePorts(bridge: InterfaceName): Result<readonly number[], SysError> {
    return this.call('bridgePorts').map(() => {
      const index = this.links().find((link) => link.name === bridge)?.ifindex;
      return this.links().flatMap(({ master, ifindex }) => (master === index ? [ifindex] : []));
    });
  }

  vlanLinks(): Result<readonly VlanLink[], SysError> {
    return this.call('vlanLinks').map(() => this.above);
  }

  hostOnLink(ifindex: number): Result<HostOnLink, SysError> {
    return this.call('hostOnLink').map(() => this.host.get(ifindex) ?? { hasAddress: false, routes: false });
  }

  addressesOn(ifindex: number): Result<readonly string[], SysError> {
    return this.call('addressesOn').map(() => this.addresses.get(ifindex) ?? ['c0000201']);
  }

  mayOpenVhost(): boolean {
    return this.vhost;
  }
}
