/**
 * An SR-IOV virtual function while a guest has it: how it is set, and given back.
 *
 * The macvtap on it comes first (macvtap-pool.ts), then its alias, which holds how the function was before: whichever
 * broker ends the grant can give it back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { err, ok, type Result } from 'neverthrow';
import type { BorrowedFunction } from '../core/borrowed-function.js';
import type { MacvtapNetwork } from '../core/config.js';
import type { Mac } from '../core/mac.js';
import type { SysError } from '../core/sys-error.js';
import type { Kernel, Link, Macvtap } from '../kernel/kernel.js';
import type { VirtualFunction } from '../kernel/virtual-functions.js';
import { cannot } from './macvtap-error.js';
import { type NetworkError, networkError } from './network.js';

const noAddress = '00:00:00:00:00:00';
/** How often a list of links is asked for that changes meanwhile, and milliseconds in between. */
const [attempts, interval] = [20, 50];

/** A macvtap that was just made on a function's interface. */
export interface Borrowing {
  readonly macvtap: Macvtap;
  readonly parent: Link;
  readonly borrowed: BorrowedFunction;
  /** The address that the card held the function to, or knew of it. */
  readonly held: string;
}

/**
 * Sets the function, claims the macvtap, and brings the function's interface up, which is what lets frames pass; then
 * reads the function back.
 */
export async function claimOnFunction(
  kernel: Kernel,
  network: MacvtapNetwork,
  { macvtap: { ifindex }, parent, borrowed, held }: Borrowing,
  claim: { readonly address: Mac; readonly alias: string },
): Promise<Result<void, NetworkError>> {
  const { functions } = kernel;
  const { physical, number } = borrowed;
  const { address, alias } = claim;
  const filter = { spoofCheck: true, ...(network.vlan === undefined ? {} : { vlan: network.vlan, priority: 0 }) };
  const which = `network "${network.name}": virtual function ${number} of ${network.parent}`;
  const fail = (error: SysError) =>
    networkError(`${which} cannot be set`, error, {
      EOPNOTSUPP: 'its driver has to know MAC, VLAN and spoof check of functions',
    });
  const labelled = functions.label(ifindex, alias);
  if (labelled.isErr()) return err(fail(labelled.error));
  // A function takes no other address while it is held to one. Drivers that refuse zeros may still let it
  if (held !== noAddress) functions.set(physical, number, { address: noAddress }).unwrapOr(undefined);
  const set = functions
    .set(physical, number, filter)
    .mapErr(fail)
    .andThen(() => kernel.claimMacvtap(ifindex, claim).mapErr((error) => cannot(network, error)))
    .andThen(() => functions.set(physical, number, { address }).mapErr(fail));
  if (set.isErr()) return set;
  const up = await functions.setUp(parent.ifindex, true);
  const read = up.andThen(() => functions.list(physical));
  if (read.isErr()) return err(fail(read.error));
  const now = read.value.find((one) => one.number === number);
  const wanted = { address, ...filter };
  const wrong = (Object.keys(wanted) as (keyof typeof wanted)[]).find((key) => now?.[key] !== wanted[key]);
  return wrong === undefined ? ok() : err(networkError(`${which}: the kernel did not apply ${wrong}`));
}

/**
 * Puts the function's interface down, then sets the function as it was, and holds it to no address any more: its
 * interface gets its own back from the kernel when the macvtap goes. One whose interface has left the namespace, or has
 * another macvtap on it, is somebody else's by now, and stays as it is.
 *
 * @param macvtap ifindex of the one that was made on it, which may be gone.
 */
export async function returnFunction(
  kernel: Kernel,
  { physical, number, before }: BorrowedFunction,
  macvtap: number,
): Promise<Result<void, SysError>> {
  const { functions } = kernel;
  const links = await listInTime(kernel);
  if (links.isErr()) return err(links.error);
  const listed = functions.list(physical);
  if (listed.isErr()) return err(listed.error);
  const now = listed.value.find((one) => one.number === number);
  const link = now === undefined ? undefined : interfaceOf(now, links.value);
  if (now === undefined || link === undefined) return ok();
  const isOn = (one: Link) => one.macvtap?.parent === link.ifindex;
  if (links.value.some((one) => isOn(one) && one.ifindex !== macvtap)) return ok();
  const down = link.up ? await functions.setUp(link.ifindex, false) : ok();
  if (down.isErr()) return down;
  const { vlan, priority, spoofCheck } = before;
  // One by one, because some drivers take no address of zeros, or never took a VLAN
  const results = [
    now.vlan === vlan && now.priority === priority ? ok() : functions.set(physical, number, { vlan, priority }),
    now.spoofCheck === spoofCheck ? ok() : functions.set(physical, number, { spoofCheck }),
    now.address === noAddress ? ok() : functions.set(physical, number, { address: noAddress }),
  ];
  return results.find((result) => result.isErr()) ?? ok();
}

/** Whoever makes and closes links without end can keep a list of them from being whole, and cost us the function. */
async function listInTime(kernel: Kernel): Promise<Result<readonly Link[], SysError>> {
  for (let left = attempts; ; left--) {
    const links = kernel.listLinks();
    if (links.isOk() || links.error.code !== 'EINTR' || left === 1) return links;
    await delay(interval);
  }
}

/** undefined: it is in no namespace of the broker's. */
export function interfaceOf({ device }: VirtualFunction, links: readonly Link[]): Link | undefined {
  return device === undefined ? undefined : links.find((link) => link.device === device);
}
