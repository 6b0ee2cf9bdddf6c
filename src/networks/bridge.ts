/**
 * A tap on an existing Linux bridge.
 *
 * The order is the point: the tap joins the bridge while it is down, its policy is put on it, it comes up, and only
 * when the kernel has confirmed all of it does anybody get the fd. That takes three acknowledged exchanges, because slave
 * data before the tap is enslaved gives EOPNOTSUPP and a failed message may be partly applied, and policy is read back.
 * A port without policy takes two, whose acknowledgements are enough. Closing the fd undoes all.
 */
import { err, ok, type Result } from 'neverthrow';
import type { BridgeNetwork } from '../core/config.js';
import { formatAlias, type Grant, tapAddress } from '../core/grant.js';
import { type InterfaceName, tapName } from '../core/names.js';
import type { Permit } from '../core/permit.js';
import type { SysError } from '../core/sys-error.js';
import type { BridgePort, Enslavement, Kernel, Link, Tap, TapOptions } from '../kernel/kernel.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { cannot, usableBridge, whatIsDown } from './bridge-facts.js';
import { type NetworkError, networkError, type OpenedLink } from './network.js';

/**
 * @param grant what is written on the tap as its alias; its owner is the permit's.
 * @param spare a tap made ahead for this grant, with virtio-net headers; it is closed when anything fails.
 * @returns a port that is up and confirmed; the caller disposes it.
 */
export function openBridge(
  kernel: Kernel,
  network: BridgeNetwork,
  permit: Permit,
  grant: Grant,
  vnetHdr: boolean,
  spare?: Tap,
): Result<OpenedLink, NetworkError> {
  const checked = bridgeFor(kernel, network, permit);
  if (checked.isErr()) {
    spare?.fd.close();
    return err(checked.error);
  }
  const bridge = checked.value;
  const options = { vnetHdr, owner: permit.uid, multiQueue: permit.queues > 1 };
  const opened = spare ? ok(spare) : kernel.openTap(tapName(grant.id), options);
  if (opened.isErr()) return err(cannot(network, opened.error));
  const tap = opened.value;
  const fds = [tap.fd];
  const dispose = () => {
    for (const fd of fds) fd.close();
  };
  const mtu = network.mtu === 'inherit' ? bridge.mtu : network.mtu;
  const made = addQueues(kernel, tapName(grant.id), tap, options, permit.queues, fds)
    .mapErr((error) => cannot(network, error))
    .andThen(() => join(kernel, network, permit, grant, bridge, tap, mtu));
  if (made.isErr()) {
    dispose();
    return err(made.error);
  }
  return ok({
    fds,
    ifname: tapName(grant.id),
    ifindex: tap.ifindex,
    mtu,
    address: tapAddress(grant.id),
    master: bridge.ifindex,
    ...(bridge.up ? {} : { caution: whatIsDown(network) }),
    [Symbol.dispose]: dispose,
  });
}

/** @param fds gets what was opened, also when not all of it could be. */
function addQueues(
  kernel: Kernel,
  name: InterfaceName,
  tap: Tap,
  options: TapOptions,
  queues: number,
  fds: OwnedFd[],
): Result<void, SysError> {
  while (fds.length < queues) {
    const queue = kernel.openQueue(name, tap, options);
    if (queue.isErr()) return err(queue.error);
    fds.push(queue.value);
  }
  return ok();
}

/** The flags a network's ports carry. Locked and isolated ports see no unknown unicast of others. */
function portFlags(network: BridgeNetwork): BridgePort {
  return {
    learning: !network.lockMac,
    locked: network.lockMac,
    isolated: network.isolated,
    hairpin: network.hairpin,
    flood: !network.lockMac && !network.isolated,
  };
}

function bridgeFor(kernel: Kernel, network: BridgeNetwork, permit: Permit): Result<Link, NetworkError> {
  return usableBridge(kernel, network).andThen((link) =>
    link.address === permit.mac
      ? err(networkError(`network "${network.name}": ${permit.mac} is the bridge's own address; choose another`))
      : ok(link),
  );
}

function join(
  kernel: Kernel,
  network: BridgeNetwork,
  permit: Permit,
  grant: Grant,
  bridge: Link,
  tap: Tap,
  mtu: number,
): Result<void, NetworkError> {
  const { ifindex } = tap;
  const enslaved: Enslavement = {
    mtu,
    address: tapAddress(grant.id),
    alias: formatAlias(grant),
    master: bridge.ifindex,
  };
  const flags = portFlags(network);
  // A port without policy comes up with the flags it has from the start, and there is nothing to read back. Up and
  // joining do not go into one message: Linux brings the tap up first, with an IPv6 address of the host's
  const plain = network.vlan === undefined && !network.lockMac && !network.isolated && !network.hairpin;
  const joined = kernel.enslave(ifindex, enslaved);
  if (plain) return joined.andThen(() => kernel.setPortUp(ifindex, {})).mapErr((error) => cannot(network, error));
  return joined
    .andThen(() => setPolicy(kernel, network, permit, ifindex, flags))
    .mapErr((error) => refusal(network, permit, error))
    .andThen(() => confirm(kernel, network, permit, ifindex, enslaved, flags));
}

/** Exchanges 2 and 3: what may pass, then the port's flags and up. */
function setPolicy(
  kernel: Kernel,
  network: BridgeNetwork,
  permit: Permit,
  ifindex: number,
  flags: BridgePort,
): Result<void, SysError> {
  const filtered = network.vlan === undefined ? ok() : kernel.setAccessVlan(ifindex, network.vlan);
  return filtered
    .andThen(() => (network.lockMac ? kernel.addStaticEntry(ifindex, permit.mac, network.vlan) : ok()))
    .andThen(() => kernel.setPortUp(ifindex, flags));
}

/** Reads the port back: some kernels answer success and apply nothing. */
function confirm(
  kernel: Kernel,
  network: BridgeNetwork,
  permit: Permit,
  ifindex: number,
  wanted: Enslavement,
  flags: BridgePort,
): Result<void, NetworkError> {
  const read = kernel.linkByIndex(ifindex);
  if (read.isErr()) return err(cannot(network, read.error));
  const link = read.value;
  const wrong = difference(link, wanted) ?? difference(link?.port, flags) ?? (link?.up === true ? undefined : 'up');
  if (wrong !== undefined) {
    return err(networkError(`network "${network.name}": the kernel did not apply ${wrong} to the port`));
  }
  const { vlan } = network;
  if (vlan !== undefined) {
    const vlans = kernel.portVlans(ifindex);
    if (vlans.isErr()) return err(cannot(network, vlans.error));
    const [only, ...more] = vlans.value;
    if (only?.vlan !== vlan || !only.pvid || !only.untagged || more.length > 0) {
      return err(networkError(`network "${network.name}": the kernel did not apply vlan = ${vlan} to the port`));
    }
  }
  if (!network.lockMac) return ok();
  const entry = kernel.hasStaticEntry(wanted.master, ifindex, permit.mac, vlan);
  if (entry.isErr()) return err(cannot(network, entry.error));
  return entry.value
    ? ok()
    : err(networkError(`network "${network.name}": the kernel did not keep the entry for ${permit.mac}`));
}

/** The first of the wanted members that is otherwise, or missing. */
function difference<T extends object>(
  actual: Readonly<Partial<Record<keyof T, unknown>>> | undefined,
  wanted: T,
): string | undefined {
  for (const key in wanted) if (actual?.[key] !== wanted[key]) return key;
  return undefined;
}

function refusal(network: BridgeNetwork, permit: Permit, error: SysError): NetworkError {
  if (error.code === 'EEXIST') {
    return networkError(
      `network "${network.name}": ${permit.mac} is in use on ${network.bridge}; choose another address`,
    );
  }
  return cannot(network, error);
}
