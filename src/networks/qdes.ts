/** One switch of several hosts: the socket of UDP by which ours talks with theirs (docs/qdes.md). */
import { err, ok, Result } from 'neverthrow';
import type { QdesNetwork } from '../core/config.js';
import { formatEndpoint } from '../core/endpoint.js';
import { isIPv6Network, lineOf, socketOf } from '../core/qdes-line.js';
import type { SysError } from '../core/sys-error.js';
import type { Kernel, Link } from '../kernel/kernel.js';
import { readKeyFile } from '../kernel/key-file.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { type NetworkError, type NetworkFacts, networkError, type OwnPortPlan } from './network.js';
import { guardedBySwitch, plainMtu, socketError, socketFacts } from './socket-network.js';
import { usableInterface } from './usable-interface.js';

/** UDP, our header, Ethernet. */
const inner = 8 + 8 + 14;
const outer = { four: 20, six: 40 } as const;
/** What sealing adds (docs/qdes.md). */
const sealing = 32;
/** Bytes of the longest packet of IP. */
const longest = 65_535;
/** Bytes of memory for datagrams that wait, of all networks of a socket. */
const buffer = 1 << 22;

/** A network's uplink that the switch has. */
export interface SharedSocket {
  readonly fd: OwnedFd;
  readonly network: string;
  readonly id: number;
  /** Whether it is on its way out. */
  readonly leaving: boolean;
}

/** What an uplink needs to know besides its network. */
export interface Around {
  /** The uplinks that the switch has whose socket has that name. */
  sharing(socket: string): readonly SharedSocket[];
  /** Of the network's key file; undefined: it has none. The error is a clause. */
  keysOf(network: QdesNetwork): Result<readonly string[] | undefined, string>;
}

/** Hosts know each other by their addresses: with another one it is another uplink. */
export function planQdesUplink(
  kernel: Kernel,
  network: QdesNetwork,
  around: Around,
): Result<OwnPortPlan, NetworkError> {
  return usableLink(kernel, network).andThen(({ link, address }) =>
    around
      .keysOf(network)
      .mapErr((why) => networkError(`network "${network.name}" cannot be opened: ${why}`))
      .andThen((keys) => guestMtu(kernel, network, link).map((mtu) => ({ keys, mtu })))
      .map(({ keys, mtu }): OwnPortPlan => {
        const socket = socketOf(network, link.ifindex);
        return {
          ...{ kind: 'qdes', on: `${link.ifindex} ${address}`, line: lineOf(network, socket, keys) },
          mtu: carriedMtu(network, mtu),
          open: () => openUplink(kernel, network, link.ifindex, around.sharing(socket)),
        };
      }),
  );
}

/** By an interface without an address of the family, datagrams would go out from an address of another one. */
function usableLink(kernel: Kernel, network: QdesNetwork): Result<{ link: Link; address: string }, NetworkError> {
  const six = isIPv6Network(network);
  return usableInterface(kernel, network).andThen((link) =>
    kernel.surroundings
      .addressesOn(link.ifindex, six)
      .mapErr((error) => cannot(network, error))
      .andThen(([address]) => {
        if (address !== undefined) return ok({ link, address });
        const [family, example] = six ? ['IPv6', 'ADDRESS/64'] : ['IPv4', 'ADDRESS/24'];
        const by = network.interface;
        const what = `${by} has no ${family} address to send from; give it one: ip address add ${example} dev ${by}`;
        return err(networkError(`network "${network.name}": ${what}`));
      }),
  );
}

function openUplink(
  { sockets }: Kernel,
  network: QdesNetwork,
  ifindex: number,
  others: readonly SharedSocket[],
): Result<readonly OwnedFd[], NetworkError> {
  const { name, id, port, group, ttl, fragment } = network;
  const taken = others.find((other) => other.id === id && !other.leaving);
  if (taken !== undefined) {
    const what = `id ${id} is that of network "${taken.network}" until its guests have ended`;
    return err(networkError(`network "${name}" cannot be opened: ${what}`));
  }
  const [other] = others;
  const opened =
    other === undefined
      ? sockets.openDatagrams({ six: isIPv6Network(network), port, ifindex, ttl, fragment }, buffer)
      : sockets.duplicate(other.fd);
  return opened
    .andThen((fd) =>
      (group === undefined ? ok() : sockets.joinGroup(fd, group, ifindex))
        .map(() => [fd])
        .mapErr((error) => {
          fd.close();
          return error;
        }),
    )
    .mapErr((error) => cannot(network, error));
}

/** What guests are told. */
export function qdesMtu(kernel: Kernel, network: QdesNetwork): Result<number, NetworkError> {
  return usableInterface(kernel, network).andThen((link) => guestMtu(kernel, network, link));
}

/** Bytes of the largest frames, without Ethernet's header, when guests are told this MTU. */
export function carriedMtu({ fragment }: QdesNetwork, mtu: number): number {
  // Not every guest is told, or does as it is told
  return fragment ? Math.max(mtu, plainMtu) : mtu;
}

export function describeQdes(kernel: Kernel, network: QdesNetwork): NetworkFacts {
  const { id, port, group, peers, interface: by } = network;
  const mtu = usableLink(kernel, network).andThen(({ link }) => guestMtu(kernel, network, link));
  const place = group === undefined ? `port ${port}` : formatEndpoint({ address: group, port });
  const caution = cautionOf(network);
  const named = peers.length === 0 ? '' : `, ${peers.length} peer${peers.length === 1 ? '' : 's'}`;
  return {
    ...socketFacts(`${place}%${by} id ${id}${named}`),
    mtu: mtu.unwrapOr(null),
    ...guardedBySwitch(network),
    ...(caution === undefined ? {} : { caution }),
    problem: mtu.isErr() ? mtu.error.what : null,
  };
}

/** A key is wanted by the first guest alone: a network that has one goes on with what it has read. */
function cautionOf({ port, keyFile }: QdesNetwork): string | undefined {
  if (keyFile === undefined) {
    return `who can send UDP to port ${port} of this host can put frames into it, because it has no key`;
  }
  const keys = readKeyFile(keyFile, process.geteuid?.() ?? 0);
  return keys.isErr() ? `its first guest on this host will be refused: ${keys.error}` : undefined;
}

/** What fits every way there is: by the interface, and to the group and each named peer as far as their paths are known. */
function guestMtu(kernel: Kernel, network: QdesNetwork, link: Link): Result<number, NetworkError> {
  const { group, peers, mtu, keyFile } = network;
  if (mtu !== 'inherit') return ok(mtu);
  const sealed = keyFile === undefined ? 0 : sealing;
  const spent = inner + sealed + (isIPv6Network(network) ? outer.six : outer.four);
  return Result.combine(
    [...(group === undefined ? [] : [group]), ...peers].map((to) => kernel.sockets.pathMtu(to, link.ifindex)),
  )
    .map((paths) => Math.min(link.mtu, longest, ...paths.filter((path) => path !== undefined)) - spent)
    .mapErr((error) => cannot(network, error));
}

function cannot(network: QdesNetwork, error: SysError): NetworkError {
  const { interface: by, port, group } = network;
  const gone = `${by} has just gone; try again when it is there`;
  return socketError(network, { address: group ?? '0.0.0.0', port }, error, {
    ENODEV: gone,
    EADDRNOTAVAIL: gone,
    EINVAL: `${by} cannot join ${group}; has it that family? See: ip address show ${by}`,
    ENOBUFS: 'the socket may be in no more groups; raise net.ipv4.igmp_max_memberships, or let networks share a group',
    ENOMEM: 'the socket may be in no more groups; raise net.ipv4.igmp_max_memberships, or let networks share a group',
    EADDRINUSE: `another program has UDP port ${port} of ${by}; end it, or name another port in its section on every host`,
  });
}
