/** A packet socket on an interface: for programs that are to have its wire as it is. QEMU cannot take one. */
import { err, ok, type Result } from 'neverthrow';
import type { PacketNetwork } from '../core/config.js';
import { bareCaution } from '../core/offered-forms.js';
import type { SysError } from '../core/sys-error.js';
import type { Kernel, Link } from '../kernel/kernel.js';
import { type NetworkError, type NetworkFacts, networkError, type OpenedSocket } from './network.js';
import { outsideBy } from './outlook.js';
import { openedSocket, socketFacts } from './socket-network.js';
import { usableInterface } from './usable-interface.js';

export function openPacket(kernel: Kernel, network: PacketNetwork): Result<OpenedSocket, NetworkError> {
  return usableWire(kernel, network).andThen(({ ifindex, mtu }) =>
    kernel.sockets
      .openPacket(ifindex)
      .map((fd) => openedSocket(fd, { mtu }))
      .mapErr((error) => cannot(network, error)),
  );
}

export function describePacket(kernel: Kernel, network: PacketNetwork): NetworkFacts {
  const wire = usableWire(kernel, network);
  const unoffered = 'no form of it is in this version but the bare socket, which takes bare = yes in its section';
  return {
    // What one sends goes out by the wire, and what goes out comes to none
    ...socketFacts(network.interface),
    mtu: wire.isOk() ? wire.value.mtu : null,
    ...outsideBy(wire.unwrapOr(undefined)),
    ...(network.bare ? { caution: bareCaution } : {}),
    problem: wire.isErr() ? wire.error.what : network.bare ? null : `network "${network.name}": ${unoffered}`,
  };
}

function usableWire(kernel: Kernel, network: PacketNetwork): Result<Link, NetworkError> {
  return usableInterface(kernel, network).andThen((link) => {
    if (link.address !== '') return ok(link);
    const what = `${network.interface} is no Ethernet interface; name one that is`;
    return err(networkError(`network "${network.name}": ${what}`));
  });
}

function cannot({ name, interface: wanted }: PacketNetwork, error: SysError): NetworkError {
  const remedies: Readonly<Record<string, string>> = {
    EPERM: 'the broker needs CAP_NET_RAW in the namespace of its networks (a broker of a user has none on the host)',
    ENODEV: `${wanted} has just gone; try again when it is there`,
    ENETDOWN: `${wanted} has just gone down; bring it up with: ip link set ${wanted} up`,
    EAFNOSUPPORT: 'the kernel has no packet sockets: modprobe af_packet',
    EMFILE: 'the broker is out of descriptors; raise LimitNOFILE',
  };
  const failed = networkError(`network "${name}" cannot be opened`, error);
  const remedy = remedies[error.code];
  return remedy === undefined ? failed : { ...failed, what: `${failed.what}; ${remedy}` };
}
