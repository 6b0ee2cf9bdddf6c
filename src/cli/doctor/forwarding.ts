/** What the host does with guests' packets besides bridging them: netfilter on bridges, routing, its filters. */
import { type Finding, fine, hint, shellWord } from './finding.js';
import type { Host } from './host.js';
import type { LinkFacts } from './links.js';

const check = 'forwarding';

/**
 * @param bridges of the networks that are looked at.
 * @param routed those of them that have no way out but the host's routing.
 */
export function examineForwarding(
  host: Host,
  links: readonly LinkFacts[],
  bridges: readonly string[],
  routed: readonly string[],
): Finding[] {
  const findings = [...examineNetfilter(host, links, bridges), ...examineRouting(host, routed)];
  return findings.length > 0
    ? findings
    : [fine(check, 'bridged frames pass by iptables, and nothing else is in the way')];
}

const families = ['iptables', 'ip6tables', 'arptables'] as const;

/** net.bridge.* is there while br_netfilter is loaded (as by Docker); a bridge can say it for itself as well. */
function examineNetfilter(host: Host, links: readonly LinkFacts[], bridges: readonly string[]): Finding[] {
  const settings = families
    .filter((family) => host.read(`/proc/sys/net/bridge/bridge-nf-call-${family}`) === '1')
    .map((family) => `net.bridge.bridge-nf-call-${family}`);
  const docker = links.some(({ name }) => name === 'docker0') ? ', where Docker drops what it does not know,' : '';
  const findings: Finding[] = [];
  if (settings.length > 0) {
    const what = `${settings.join(', ')} = 1: frames between ports of a bridge go through the host's FORWARD rules${docker} and may be lost there`;
    findings.push(hint(check, what, `sudo sysctl -w ${settings.map((name) => `${name}=0`).join(' ')}`));
  }
  for (const link of links.filter(({ name }) => bridges.includes(name))) {
    const on = families.filter((family) => link.bridge[`nf_call_${family}`] === 1);
    if (on.length === 0) continue;
    const what = `${link.name} passes frames between its ports to the FORWARD rules of ${on.join(', ')}`;
    const off = on.map((family) => `nf_call_${family} 0`).join(' ');
    findings.push(hint(check, what, `sudo ip link set ${shellWord(link.name)} type bridge ${off}`));
  }
  return findings;
}

function examineRouting(host: Host, routed: readonly string[]): Finding[] {
  if (routed.length === 0) return [];
  const names = routed.join(', ');
  if (host.read('/proc/sys/net/ipv4/ip_forward') === '0') {
    const what = `the host routes no IPv4, so guests on ${names} reach the host and nothing beyond`;
    return [hint(check, what, 'sudo sysctl -w net.ipv4.ip_forward=1')];
  }
  return routed.flatMap((name) => {
    // The kernel takes the greater of the two (ip-sysctl)
    const values = ['all', name].map((one) => Number(host.read(`/proc/sys/net/ipv4/conf/${one}/rp_filter`) ?? 0));
    if (Math.max(...values) !== 1) return [];
    const what = `rp_filter is strict on ${name}: packets from addresses that the host does not route there are dropped`;
    return [hint(check, what, `sudo sysctl -w ${shellWord(`net.ipv4.conf.${name.replaceAll('.', '/')}.rp_filter=2`)}`)];
  });
}
