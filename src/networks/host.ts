/**
 * The host's own end of a network that the switch carries: a tap whose frames the switch moves, be it the host's interface
 * there or a port of a bridge. As a tap of its own the host is a station like a guest; a bridge is a way to the outside, by
 * which nothing goes to other ways there, since these may lead to it as well.
 */
import { err, ok, type Result } from 'neverthrow';
import type { HostEnd } from '../core/config.js';
import { tapAddress } from '../core/grant.js';
import { type Mac, parseMac } from '../core/mac.js';
import { tapName } from '../core/names.js';
import type { SwitchedNetwork } from '../core/switched.js';
import type { SysError } from '../core/sys-error.js';
import type { HostTap } from '../kernel/host-taps.js';
import type { Kernel, Link } from '../kernel/kernel.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { type NetworkError, needsCapability, networkError, type OwnPortPlan } from './network.js';
import { newGrantId } from './spare-taps.js';
import { largestOf, switchedMtu } from './uplink.js';

const mark = 'fdbroker host';

/** What is on the interface, so that everybody sees whose it is. */
const aliasOf = ({ name }: SwitchedNetwork) => `${mark} network=${name}`;

/** Whether the broker has made it, for the host. */
export function isHostTap({ alias, kind }: Link): boolean {
  return kind === 'tun' && alias.startsWith(`${mark} `);
}

/** @returns undefined: the host is not on that network. */
export function planHost(kernel: Kernel, network: SwitchedNetwork): Result<OwnPortPlan | undefined, NetworkError> {
  const { host } = network;
  if (host === undefined) return ok(undefined);
  return switchedMtu(kernel, network).andThen((mtu) =>
    host.by === 'tap' ? planTap(kernel, network, host, mtu) : planBridge(kernel, network, host, mtu),
  );
}

function planTap(
  kernel: Kernel,
  network: SwitchedNetwork,
  { name }: HostEnd,
  mtu: number,
): Result<OwnPortPlan, NetworkError> {
  return kernel
    .linkByName(name)
    .mapErr((error) => cannot(network, error))
    .andThen((link) => {
      if (link !== undefined && (link.kind !== 'tun' || link.address === '')) {
        return refuse(network, `${name} is there and no tap; name another, which is made then`);
      }
      if (link !== undefined && !isHostTap(link) && link.mtu > mtu) {
        const remedy = `ip link set ${name} mtu ${mtu}`;
        return refuse(
          network,
          `the MTU of ${name}, ${link.mtu}, is above the network's ${mtu}; lower it with: ${remedy}`,
        );
      }
      const address = (link === undefined ? undefined : macOf(link)) ?? tapAddress(newGrantId());
      const names = { mtu, address, alias: aliasOf(network) };
      const open = () =>
        kernel.hostTaps
          .open(name)
          // An administrator's own stays as it is
          .andThen((tap) =>
            finished(tap, tap.made || (link && isHostTap(link)) ? kernel.hostTaps.name(tap.ifindex, names) : ok()),
          )
          .mapErr((error) => cannot(network, error));
      // No guest may send as the host
      return ok<OwnPortPlan>({
        kind: 'host',
        on: name,
        mtu: largestOf(network, mtu),
        addresses: [address],
        member: true,
        open,
      });
    });
}

function planBridge(
  kernel: Kernel,
  network: SwitchedNetwork,
  { name }: HostEnd,
  mtu: number,
): Result<OwnPortPlan, NetworkError> {
  const most = largestOf(network, mtu);
  return kernel
    .linkByName(name)
    .andThen((bridge) => kernel.linkByName(network.interface).map((own) => ({ bridge, own })))
    .mapErr((error) => cannot(network, error))
    .andThen(({ bridge, own }) => {
      if (bridge === undefined)
        return refuse(network, `there is no interface ${name}; ip link add ${name} up type bridge`);
      if (bridge.kind !== 'bridge') return refuse(network, `${name} is not a bridge; name one, or write host = tap`);
      if (bridge.mtu > most) {
        const what = `the MTU of ${name}, ${bridge.mtu}, is above the ${most} that the network carries`;
        return refuse(network, `${what}, and a port would lower the whole bridge's; ip link set ${name} mtu ${most}`);
      }
      if (network.type === 'packet' && own?.master === bridge.ifindex) {
        const what = `${network.interface} is a port of ${name}, so that each frame would come and go twice`;
        return refuse(network, `${what}; leave host = out, since the bridge is on that wire`);
      }
      const open = () => joinBridge(kernel, network, bridge).mapErr((error) => cannot(network, error));
      return ok<OwnPortPlan>({ kind: 'host', on: `${bridge.ifindex} ${bridge.mtu}`, mtu: most, open });
    });
}

function joinBridge(kernel: Kernel, network: SwitchedNetwork, bridge: Link): Result<readonly OwnedFd[], SysError> {
  const id = newGrantId();
  const port = { mtu: bridge.mtu, address: tapAddress(id), alias: aliasOf(network), master: bridge.ifindex };
  return kernel.hostTaps.open(tapName(id)).andThen((tap) =>
    finished(
      tap,
      kernel.enslave(tap.ifindex, port).andThen(() => kernel.setPortUp(tap.ifindex, {})),
    ),
  );
}

/** @returns the tap, which is closed when what was done to it has failed. */
function finished({ fd }: HostTap, done: Result<void, SysError>): Result<readonly OwnedFd[], SysError> {
  if (done.isErr()) fd.close();
  return done.map(() => [fd]);
}

const macOf = (link: Link): Mac | undefined => parseMac(link.address).unwrapOr(undefined);

function cannotJoin({ name, host }: SwitchedNetwork): string {
  return `network "${name}" cannot have host = ${host?.by} ${host?.name}`;
}

function refuse(network: SwitchedNetwork, what: string) {
  return err(networkError(`${cannotJoin(network)}: ${what}`));
}

function cannot(network: SwitchedNetwork, error: SysError): NetworkError {
  const name = network.host?.name;
  return networkError(cannotJoin(network), error, {
    EPERM: needsCapability('CAP_NET_ADMIN'),
    EACCES: 'the broker may not open /dev/net/tun: give it to its group or make it 0666',
    ENOENT: '/dev/net/tun is missing: modprobe tun',
    EBUSY: `another program has ${name} open; end it, or name another tap`,
    EINVAL: `${name} is no tap, or one with several queues; make it with: ip tuntap add ${name} mode tap user root`,
    EXFULL: `${name} has no room for another port (a bridge holds 1023)`,
  });
}
