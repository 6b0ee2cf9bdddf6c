/**
 * Networks that give each guest an SR-IOV virtual function for itself.
 *
 * One is free while its interface is in the broker's namespace, down, no port of anything, and without a macvtap. So no
 * interface that the host uses is ever taken, and the macvtap that is made first, which the kernel lets nobody share, is
 * what keeps two requests apart.
 */
import { err, ok, type Result } from 'neverthrow';
import type { MacvtapNetwork } from '../core/config.js';
import type { SysError } from '../core/sys-error.js';
import type { Kernel, Link, Macvtap } from '../kernel/kernel.js';
import type { VirtualFunction } from '../kernel/virtual-functions.js';
import { type Borrowing, interfaceOf } from './borrowed-function.js';
import { cannot } from './macvtap-error.js';
import { type NetworkError, networkError } from './network.js';
import { Outlook } from './outlook.js';

type Free = readonly [VirtualFunction, Link];

/** The free functions and their interfaces; an error where there is none. */
export function freeFunctions(
  outlook: Outlook,
  network: MacvtapNetwork,
  physical: Link,
): Result<readonly [Free, ...Free[]], NetworkError> {
  const read = outlook.functionsOf(physical.ifindex).andThen((functions) =>
    // Where there are no functions nobody needs to wait for every link
    (functions.length === 0 ? ok([]) : outlook.allLinks()).map((links) => ({ functions, links })),
  );
  if (read.isErr()) return err(cannot(network, read.error));
  const { functions, links } = read.value;
  const taken = new Set(links.map(({ macvtap }) => macvtap?.parent));
  const least = network.mtu === 'inherit' ? 0 : network.mtu;
  const [first, ...others] = functions.flatMap((one): Free[] => {
    const link = interfaceOf(one, links);
    if (link === undefined || link.up || link.master !== 0 || link.mtu < least || taken.has(link.ifindex)) return [];
    return [[one, link]];
  });
  const { name, parent } = network;
  const file = `/sys/class/net/${parent}/device/sriov_numvfs`;
  if (functions.length === 0) {
    const what = `${parent} has no virtual functions; root makes some with: echo 4 >${file} (no such file: no SR-IOV)`;
    return err(networkError(`network "${name}": ${what}`));
  }
  if (first !== undefined) return ok([first, ...others]);
  const mtu = least === 0 ? '' : `, has an MTU of ${least} at least`;
  return err(
    networkError(
      `network "${name}": none of the ${functions.length} virtual functions of ${parent} is free: a free one's interface is in the broker's namespace, is down${mtu} and is part of nothing else; root makes more, while no guest has one, with: echo 0 >${file}, then the number`,
    ),
  );
}

/** Has a macvtap made on the first free function that takes one. */
export function borrowFunction(
  kernel: Kernel,
  network: MacvtapNetwork,
  physical: Link,
  make: (parent: Link) => Result<Macvtap, SysError>,
): Result<Borrowing, NetworkError> {
  return freeFunctions(new Outlook(kernel), network, physical).andThen((free) => {
    let refused: SysError | undefined;
    for (const [{ number, address: held, vlan, priority, spoofCheck }, parent] of free) {
      const made = make(parent);
      if (made.isOk()) {
        const borrowed = { physical: physical.ifindex, number, before: { vlan, priority, spoofCheck } };
        return ok({ macvtap: made.value, parent, borrowed, held });
      }
      refused = made.error;
      // Part of something that no link tells of
      if (refused.code !== 'EBUSY' && refused.code !== 'EINVAL') break;
    }
    if (refused === undefined) throw new Error('no error and no free function');
    return err(cannot(network, refused));
  });
}
