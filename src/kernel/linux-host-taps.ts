/** The host's taps on the kernel that runs us, by /dev/net/tun and rtnetlink(7). host-taps.ts says what is promised. */
import { constants } from 'node:os';
import { err, ok, type Result } from 'neverthrow';
import type { InterfaceName } from '../core/names.js';
import type { SysError } from '../core/sys-error.js';
import { ownFdLater } from './close.js';
import { check, sysError } from './errno.js';
import type { HostTap, HostTapNames, HostTaps } from './host-taps.js';
import { native } from './native.js';
import { readTapState } from './netlink/link.js';
import { askForLink, nameLink } from './netlink/link-requests.js';
import type { RouteSocket } from './netlink/route-socket.js';
import { openTunDevice } from './tun-device.js';

const { IFF_NOFILTER, IFF_NO_PI, IFF_TAP, IFF_TUN_EXCL, IFF_VNET_HDR } = native.constants;
const { EAGAIN, EBUSY } = constants.errno;
/** A filter that another has left on a tap the kernel would read out of our memory. */
const flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_NOFILTER;

export class LinuxHostTaps implements HostTaps {
  constructor(private readonly route: RouteSocket) {}

  open(name: InterfaceName): Result<HostTap, SysError> {
    return attach(name, flags | IFF_TUN_EXCL)
      .map((tap) => ({ ...tap, made: true }))
      .orElse((error) => {
        if (error.errno !== EBUSY) return err(error);
        const there = native.linkIndex(name);
        return attach(name, flags).andThen((tap) => {
          if (tap.ifindex === there) return this.#claim(name, tap);
          // It went meanwhile, so this is another, which ends with this descriptor
          tap.fd.close();
          return err(sysError('TUNSETIFF', -EAGAIN));
        });
      });
  }

  /** One that is nobody's others could attach to while we are away, and speak to the host there. */
  #claim(name: InterfaceName, { fd, ifindex }: Omit<HostTap, 'made'>): Result<HostTap, SysError> {
    askForLink(this.route.message, { name });
    return this.route
      .askOne('RTM_GETLINK (tap)', readTapState)
      .andThen(({ anybodys }) => (anybodys ? check('TUNSETOWNER', native.tunOwn(fd.fd)) : ok(0)))
      .map(() => ({ fd, ifindex, made: false }))
      .mapErr((error) => {
        fd.close();
        return error;
      });
  }

  name(ifindex: number, change: HostTapNames): Result<void, SysError> {
    nameLink(this.route.message, ifindex, change);
    return this.route.change('RTM_NEWLINK (tap of the host)');
  }
}

function attach(name: InterfaceName, how: number): Result<Omit<HostTap, 'made'>, SysError> {
  const opened = openTunDevice();
  if (opened.isErr()) return err(opened.error);
  using device = opened.value;
  const attached = check('TUNSETIFF', native.tunAttach(device.fd, name, how))
    .andThen(() => check('TUNSETOFFLOAD', native.tunCarry(device.fd)))
    .andThen(() => check('SIOCGIFINDEX', native.linkIndex(name)));
  return attached.map((ifindex) => ({ fd: ownFdLater(device.release()), ifindex }));
}
