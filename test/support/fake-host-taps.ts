/** Taps of the host in memory, as part of fake-kernel.ts. */
import { ok, type Result } from 'neverthrow';
import type { InterfaceName } from '../../src/core/names.js';
import type { SysError } from '../../src/core/sys-error.js';
import type { HostTap, HostTapNames, HostTaps } from '../../src/kernel/host-taps.js';
import type { Link, Tap } from '../../src/kernel/kernel.js';

export class FakeHostTaps implements HostTaps {
  constructor(
    private readonly call: (name: string) => Result<void, SysError>,
    private readonly openTap: (name: InterfaceName) => Result<Tap, SysError>,
    private readonly links: () => readonly Link[],
    private readonly change: (name: string, ifindex: number, change: Partial<Link>) => Result<void, SysError>,
  ) {}

  open(name: InterfaceName): Result<HostTap, SysError> {
    const there = this.links().find((link) => link.name === name);
    return this.call('hostTaps.open')
      .andThen(() => this.openTap(name))
      .andThen((tap) => ok({ fd: tap.fd, ifindex: there?.ifindex ?? tap.ifindex, made: there === undefined }));
  }

  name(ifindex: number, change: HostTapNames): Result<void, SysError> {
    return this.change('hostTaps.name', ifindex, change);
  }
}
