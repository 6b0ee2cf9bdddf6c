/** The bridges behind the networks: there, up, with an address of their own, and a way out. */
import { plural } from '../../core/plural.js';
import { type Finding, fine, hint, problem, shellWord } from './finding.js';
import type { Host } from './host.js';
import type { LinkFacts } from './links.js';
import type { NetworkFacts } from './networks.js';

const check = 'bridge';

/** As `addr_assign_type` of sysfs says that an administrator set it (NET_ADDR_SET, linux/netdevice.h). */
const explicitAddress = '3';

/** Each bridge once, what each network wants of it, and what the broker says of networks that are on no link. */
export function examineBridges(
  host: Host,
  links: readonly LinkFacts[] | undefined,
  networks: readonly NetworkFacts[],
): Finding[] {
  const bridges = new Set(networks.flatMap(({ bridge }) => (bridge === null ? [] : [bridge])));
  const elsewhere = networks.filter(({ parent }) => parent === undefined);
  if (bridges.size === 0) return told(elsewhere);
  if (links === undefined) {
    const blind = hint(
      check,
      'ip (iproute2) is missing, so bridges were not looked at',
      'sudo apt-get install iproute2',
    );
    return [blind, ...told(elsewhere)];
  }
  return [
    ...[...bridges].flatMap((name) => {
      const users = networks.filter(({ bridge }) => bridge === name);
      const link = links.find((one) => one.name === name);
      if (link === undefined) return examineMissing(name, users);
      const found = examineBridge(host, link, links, users);
      return found.some(({ level }) => level === 'problem') ? found : [...found, ...told(users)];
    }),
    ...told(elsewhere.filter(({ bridge }) => bridge === null)),
  ];
}

/** Bridges that guests share with the host alone, which then has to route for them. */
export function bridgesWithoutUplink(links: readonly LinkFacts[], networks: readonly NetworkFacts[]): string[] {
  const names = new Set(networks.map(({ bridge }) => bridge));
  return links
    .filter(({ name, kind }) => names.has(name) && kind === 'bridge')
    .map(({ name }) => name)
    .filter((name) => uplinksOf(name, links).length === 0);
}

/** What the broker says of networks about which nothing was found here. */
function told(networks: readonly NetworkFacts[]): Finding[] {
  return networks.flatMap(({ problem: wrong }) =>
    wrong === undefined || wrong === null ? [] : [problem('network', wrong, null)],
  );
}

function examineMissing(name: string, users: readonly NetworkFacts[]): Finding[] {
  if (users.some((network) => network.problem === null)) {
    const what = `${name} is not in your network namespace; the broker has it in its own and says nothing is wrong`;
    return [hint(check, what, null)];
  }
  const word = shellWord(name);
  const make = `sudo ip link add ${word} type bridge && sudo ip link set ${word} up`;
  return [problem(check, `there is no interface ${name}, which ${namesOf(users)}`, make)];
}

function namesOf(users: readonly NetworkFacts[]): string {
  return `${users.map(({ name }) => name).join(', ')} ${users.length === 1 ? 'is' : 'are'} on`;
}

function examineBridge(
  host: Host,
  link: LinkFacts,
  links: readonly LinkFacts[],
  users: readonly NetworkFacts[],
): Finding[] {
  const { name } = link;
  const word = shellWord(name);
  if (link.kind !== 'bridge') {
    const what = `${name} is not a bridge; ${namesOf(users)} it: name a bridge in fdbroker.ini`;
    return [problem(check, what, 'ip link show type bridge')];
  }
  const findings = link.up ? [] : [problem(check, `${name} is down`, `sudo ip link set ${word} up`)];
  findings.push(...users.flatMap((network) => examineWishes(link, network)));
  if (findings.length === 0) {
    const ports = links.filter(({ master }) => master === name).length;
    findings.push(fine(check, `${name} is up, with MTU ${link.mtu} and ${plural(ports, 'port')}`));
  }
  if (link.mtu < 1500) {
    const what = `${name} has MTU ${link.mtu}: guests lose longer frames until they use it too`;
    findings.push(hint(check, what, `-device virtio-net-pci,host_mtu=${link.mtu} …`));
  }
  if (takesAddresses(host, link, links)) {
    const what = `${name} has no address of its own and takes one of its ports', so a guest can change it`;
    findings.push(hint(check, what, `sudo ip link set ${word} address ${link.address}`));
  }
  const delay = Number(link.bridge['forward_delay'] ?? 0) / 100;
  if (Number(link.bridge['stp_state'] ?? 0) !== 0 && delay > 0) {
    const what = `${name} runs spanning tree: a new guest waits ${2 * delay} s before its first frame passes`;
    findings.push(hint(check, what, `sudo ip link set ${word} type bridge stp_state 0`));
  }
  return [...findings, ...examineUplinks(link, links)];
}

/** What one network's section demands of its bridge. */
function examineWishes({ name, mtu, bridge }: LinkFacts, network: NetworkFacts): Finding[] {
  const findings: Finding[] = [];
  if (network.vlan !== null && bridge['vlan_filtering'] !== 1) {
    const what = `${network.name}: vlan = ${network.vlan} needs VLAN filtering on ${name}`;
    findings.push(problem(check, what, `sudo ip link set ${shellWord(name)} type bridge vlan_filtering 1`));
  }
  if (network.mtu !== null && network.mtu < mtu) {
    const what = `${network.name}: mtu = ${network.mtu} is below the ${mtu} of ${name}, whose own it would lower`;
    findings.push(problem(check, what, `mtu = inherit in [network ${network.name}], then: sudo fdbroker reload`));
  }
  if (network.mtu !== null && network.mtu > mtu) {
    const what = `${network.name}: mtu = ${network.mtu} is above the ${mtu} of ${name}: longer frames reach guests only`;
    findings.push(hint(check, what, `sudo ip link set ${shellWord(name)} mtu ${network.mtu}`));
  }
  return findings;
}

/** By sysfs where it shows this very interface; else by its having the address of a port. */
function takesAddresses(host: Host, link: LinkFacts, links: readonly LinkFacts[]): boolean {
  const folder = `/sys/class/net/${link.name}`;
  const same = host.read(`${folder}/ifindex`) === String(link.index) && host.read(`${folder}/address`) === link.address;
  if (same) return host.read(`${folder}/addr_assign_type`) !== explicitAddress;
  return links.some(({ master, address }) => master === link.name && address === link.address);
}

function examineUplinks({ name }: LinkFacts, links: readonly LinkFacts[]): Finding[] {
  const word = shellWord(name);
  const uplinks = uplinksOf(name, links);
  if (uplinks.length === 0) {
    const what = `${name} has ports of guests only: they reach each other and the host, and more where the host routes`;
    return [hint(check, what, `sudo ip link set INTERFACE master ${word}`)];
  }
  if (uplinks.some(({ up, carrier }) => up && carrier)) return [];
  const first = uplinks[0]?.name ?? '';
  const names = uplinks.map((one) => one.name).join(', ');
  const what = `${name} has no port but guests' that is up and has a carrier: ${names}`;
  return [hint(check, what, `sudo ip link set ${shellWord(first)} up`)];
}

/** Taps are guests'; what else is in a bridge leads further. */
function uplinksOf(name: string, links: readonly LinkFacts[]): readonly LinkFacts[] {
  return links.filter(({ master, kind }) => master === name && kind !== 'tun' && kind !== 'macvtap');
}
