/** The SR-IOV functions of the kernel that runs us. virtual-functions.ts says what is promised. */
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { Result } from 'neverthrow';
import type { FunctionSettings } from '../core/borrowed-function.js';
import type { SysError } from '../core/sys-error.js';
import type { RouteSocket } from './netlink/route-socket.js';
import {
  askForFunctions,
  keepLinkFromIpv6,
  labelLink,
  readFunctions,
  setFunction,
  setLinkUp,
} from './netlink/virtual-function.js';
import type { VirtualFunction, VirtualFunctions } from './virtual-functions.js';

const readLink = Result.fromThrowable((path: string) => readlinkSync(path));

/**
 * The PCI device of a virtual function. Unlike /sys/class/net, which has the interfaces of the namespace that sysfs was
 * mounted in, /sys/bus/pci is the same for everybody.
 */
export function functionDevice(physical: string, number: number, devices = '/sys/bus/pci/devices'): string | undefined {
  return readLink(`${devices}/${physical}/virtfn${number}`).map(basename).unwrapOr(undefined);
}

export class LinuxVirtualFunctions implements VirtualFunctions {
  readonly #route: RouteSocket;

  /** @param route stays the caller's. */
  constructor(route: RouteSocket) {
    this.#route = route;
  }

  list(physical: number): Result<readonly VirtualFunction[], SysError> {
    askForFunctions(this.#route.message, physical);
    return this.#route
      .askOne('RTM_GETLINK (virtual functions)', readFunctions)
      .map(({ device, functions }) => functions.map((one) => ({ ...one, device: functionDevice(device, one.number) })));
  }

  set(physical: number, number: number, change: Partial<FunctionSettings>): Result<void, SysError> {
    setFunction(this.#route.message, physical, number, change);
    return this.#route.change('RTM_SETLINK (virtual function)');
  }

  label(ifindex: number, alias: string): Result<void, SysError> {
    labelLink(this.#route.message, ifindex, alias);
    return this.#route.change('RTM_NEWLINK (alias)');
  }

  async setUp(ifindex: number, up: boolean): Promise<Result<void, SysError>> {
    if (up) {
      keepLinkFromIpv6(this.#route.message, ifindex);
      const kept = this.#route.change('RTM_NEWLINK (no IPv6)');
      // Where there is none it has none
      if (kept.isErr() && kept.error.code !== 'EAFNOSUPPORT') return kept;
    }
    setLinkUp(this.#route.message, ifindex, up);
    return this.#route.changeLater(up ? 'RTM_NEWLINK (up)' : 'RTM_NEWLINK (down)');
  }
}
