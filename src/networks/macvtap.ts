/**
 * A macvtap on an existing interface.
 *
 * It does not end with its descriptors, so the order is the point: the message that makes it gives it our group, the
 * next its alias, and a broker that is killed at any moment leaves a link that the next one knows as its own. Its node
 * is given to the broker by udev, later: that is waited for while others are served. Each descriptor has a lock by which
 * it is seen that somebody holds the link, also after a restart (kernel/macvtap-node.ts).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { err, ok, type Result } from 'neverthrow';
import type { MacvtapNetwork } from '../core/config.js';
import { formatAlias, type Grant } from '../core/grant.js';
import { tapName } from '../core/names.js';
import type { Permit } from '../core/permit.js';
import type { SysError } from '../core/sys-error.js';
import type { Kernel, Link, Macvtap, TapOptions } from '../kernel/kernel.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { type Borrowing, claimOnFunction, returnFunction } from './borrowed-function.js';
import { cannot } from './macvtap-error.js';
import { usableParent } from './macvtap-facts.js';
import { borrowFunction } from './macvtap-pool.js';
import { type NetworkError, networkError, type OpenedLink } from './network.js';

/** Milliseconds for udev to give the node to the broker; and between two attempts to open it. */
const [deadline, interval] = [3000, 10];

/** A macvtap that was just made, on the network's parent or on a function's interface. */
type Made = Borrowing | (Pick<Borrowing, 'macvtap' | 'parent'> & { readonly borrowed?: undefined });

/**
 * @param grant what is written on the link as its alias; its owner is the permit's.
 * @returns a port that is up and confirmed; the caller disposes it, which deletes the link unless its descriptors have
 * been given away. The link is made before this returns for the first time.
 */
export async function openMacvtap(
  kernel: Kernel,
  network: MacvtapNetwork,
  permit: Permit,
  grant: Grant,
  vnetHdr: boolean,
): Promise<Result<OpenedLink, NetworkError>> {
  const checked = usableParent(kernel, network);
  if (checked.isErr()) return err(checked.error);
  const { mac: address } = permit;
  const ifname = tapName(grant.id);
  const mtuOn = (parent: Link) => (network.mtu === 'inherit' ? parent.mtu : network.mtu);
  const make = (parent: Link) =>
    kernel.createMacvtap(ifname, { parent: parent.ifindex, mode: network.mode, mtu: mtuOn(parent), address });
  const made: Result<Made, NetworkError> = network.pool
    ? borrowFunction(kernel, network, checked.value, make)
    : make(checked.value)
        .map((macvtap) => ({ macvtap, parent: checked.value }))
        .mapErr((error) => cannot(network, error));
  if (made.isErr()) return err(made.error);
  const { macvtap, parent, borrowed } = made.value;
  const { ifindex } = macvtap;
  const mtu = mtuOn(parent);
  const lent = borrowed === undefined ? {} : { borrowed };
  const alias = formatAlias({ ...grant, ...lent });
  const options = { vnetHdr, owner: permit.uid, multiQueue: permit.queues > 1 };
  const fds: OwnedFd[] = [];
  const claim = { address, alias };
  const claimed =
    made.value.borrowed === undefined
      ? kernel.claimMacvtap(ifindex, claim).mapErr((error) => cannot(network, error))
      : await claimOnFunction(kernel, network, made.value, claim);
  const opened = claimed.isErr()
    ? err(claimed.error)
    : (await openQueues(kernel, macvtap, ifname, options, permit, fds)).mapErr((error) => cannot(network, error));
  const confirmed = opened.andThen(() => confirm(kernel, network, ifindex, { ...claim, mtu }));
  const dispose = async () => {
    for (const fd of fds) fd.close();
    if (borrowed !== undefined) (await returnFunction(kernel, borrowed, ifindex)).unwrapOr(undefined);
    // Should this fail, the link is known by its group and alias, and goes when the ledger is set right
    return kernel.deleteLink(ifindex);
  };
  if (confirmed.isErr()) {
    (await dispose()).unwrapOr(undefined);
    return err(confirmed.error);
  }
  return ok({
    ...{ fds, ifname, ifindex, mtu, address, master: 0, ...lent },
    [Symbol.dispose]: () => {
      if (fds.some((fd) => fd.open)) void dispose();
    },
  });
}

/** @param fds gets what was opened, also when not all of it could be. */
async function openQueues(
  kernel: Kernel,
  macvtap: Macvtap,
  ifname: ReturnType<typeof tapName>,
  options: TapOptions,
  { queues }: Permit,
  fds: OwnedFd[],
): Promise<Result<void, SysError>> {
  const end = performance.now() + deadline;
  while (fds.length < queues) {
    const opened = kernel.openMacvtap(ifname, macvtap, options);
    if (opened.isOk()) {
      fds.push(opened.value);
      continue;
    }
    const { code } = opened.error;
    if ((code !== 'ENOENT' && code !== 'EACCES') || performance.now() >= end) return err(opened.error);
    await delay(interval);
  }
  return kernel.watchMacvtap(macvtap.ifindex);
}

/** Reads the link back: it may have gone meanwhile, and some kernels answer success and apply nothing. */
function confirm(
  kernel: Kernel,
  network: MacvtapNetwork,
  ifindex: number,
  wanted: { readonly address: string; readonly alias: string; readonly mtu: number },
): Result<void, NetworkError> {
  const read = kernel.linkByIndex(ifindex);
  if (read.isErr()) return err(cannot(network, read.error));
  const link = read.value;
  if (link === undefined) return err(networkError(`network "${network.name}": the macvtap was deleted meanwhile`));
  const wrong =
    (['address', 'alias', 'mtu'] as const).find((key) => link[key] !== wanted[key]) ??
    (link.macvtap?.mode === network.mode ? undefined : 'mode') ??
    (link.up ? undefined : 'up');
  if (wrong === undefined) return ok();
  return err(networkError(`network "${network.name}": the kernel did not apply ${wrong} to the macvtap`));
}
