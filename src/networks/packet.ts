/**
 * An interface's wire: guests on our switch, whose uplink is a packet socket there; other programs can have a packet socket
 * of their own.
 */
import { err, ok, type Result } from 'neverthrow';
import type { PacketNetwork } from '../core/config.js';
import { parseMac } from '../core/mac.js';
import { bareCaution } from '../core/offered-forms.js';
import type { SysError } from '../core/sys-error.js';
import type { Kernel, Link } from '../kernel/kernel.js';
import {
  cannotOpen,
  type NetworkError,
  type NetworkFacts,
  needsCapability,
  networkError,
  type OpenedSocket,
  type OwnPortPlan,
} from './network.js';
import { hostCaution, outsideBy } from './outlook.js';
import { guardedBySwitch, openedSocket, socketFacts } from './socket-network.js';
import { usableInterface } from './usable-interface.js';

/** Bytes of memory for frames that wait, each way: a burst of some 3,000 from a wire. */
const buffer = 8 << 20;
/** What a guest may have at most: longer frames than that are cut by stream sockets. */
const mostMtu = 32_768;

export function openPacket(kernel: Kernel, network: PacketNetwork): Result<OpenedSocket, NetworkError> {
  return usableWire(kernel, network).andThen((link) =>
    kernel.sockets
      .openPacket(link.ifindex)
      .map((fd) => openedSocket(fd, { mtu: mtuOn(network, link) }))
      .mapErr((error) => cannot(network, error)),
  );
}

/** Frames to the interface's own address are the host's, and none of a guest's may be from it. */
export function planPacketUplink(kernel: Kernel, network: PacketNetwork): Result<OwnPortPlan, NetworkError> {
  return usableWire(kernel, network).map((link) => {
    const addresses = parseMac(link.address).match(
      (mac) => [mac],
      () => [],
    );
    const open = () =>
      kernel.sockets
        .openPacketUplink(link.ifindex, buffer)
        .map((fd) => [fd])
        .mapErr((error) => cannot(network, error));
    return { kind: 'packet', on: String(link.ifindex), mtu: mtuOn(network, link), addresses, open };
  });
}

/** Bytes that a guest's frame has at most, without the Ethernet header. */
export function packetMtu(kernel: Kernel, network: PacketNetwork): Result<number, NetworkError> {
  return usableWire(kernel, network).map((link) => mtuOn(network, link));
}

export function describePacket(kernel: Kernel, network: PacketNetwork): NetworkFacts {
  const wire = usableWire(kernel, network);
  return {
    ...socketFacts(network.interface),
    mtu: wire.isOk() ? mtuOn(network, wire.value) : network.mtu === 'inherit' ? null : network.mtu,
    // By our switch; bare sockets get nothing of each other
    ...guardedBySwitch(network),
    // What the host sends there goes out by the wire, and what guests send too
    hostReachable: false,
    ...outsideBy(wire.unwrapOr(undefined)),
    caution: network.bare ? bareCaution : hostCaution(network.interface),
    problem: wire.isErr() ? wire.error.what : null,
  };
}

function mtuOn({ mtu }: PacketNetwork, link: Link): number {
  return mtu === 'inherit' ? Math.min(link.mtu, mostMtu) : mtu;
}

function usableWire(kernel: Kernel, network: PacketNetwork): Result<Link, NetworkError> {
  return usableInterface(kernel, network).andThen((link) => {
    const refuse = (what: string) => err(networkError(`network "${network.name}": ${what}`));
    if (link.address === '') return refuse(`${network.interface} is no Ethernet interface; name one that is`);
    const most = Math.min(link.mtu, mostMtu);
    if (network.mtu === 'inherit' || network.mtu <= most) return ok(link);
    const remedy =
      most === mostMtu ? ', which is the most' : ` of ${network.interface}; say mtu = inherit, or raise that`;
    return refuse(`mtu = ${network.mtu} is above the ${most}${remedy}`);
  });
}

function cannot(network: PacketNetwork, error: SysError): NetworkError {
  const { interface: wanted } = network;
  return cannotOpen(network, error, {
    EPERM: needsCapability('CAP_NET_RAW'),
    ENODEV: `${wanted} has just gone; try again when it is there`,
    ENETDOWN: `${wanted} has just gone down; bring it up with: ip link set ${wanted} up`,
    EAFNOSUPPORT: 'the kernel has no packet sockets: modprobe af_packet',
  });
}
