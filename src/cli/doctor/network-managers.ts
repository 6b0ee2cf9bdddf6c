/** Whether NetworkManager or systemd-networkd would configure the broker's taps, which are named fdb and eight digits. */
import { type Finding, fine, hint } from './finding.js';
import type { Host } from './host.js';

const check = 'network-manager';

/** A tap as any. */
const tap = 'fdb1a2b3c4d';

export function examineNetworkManagers(host: Host): Finding[] {
  const findings = [...examineNetworkManager(host), ...examineNetworkd(host)];
  return findings.length > 0 ? findings : [fine(check, 'no network manager takes the interfaces of the broker')];
}

/** NetworkManager.conf(5): unmanaged-devices of [keyfile], or of a [device] section's managed = 0. */
function examineNetworkManager(host: Host): Finding[] {
  if (host.stat('/run/NetworkManager') === undefined) return [];
  const folders = ['/usr/lib/NetworkManager/conf.d', '/run/NetworkManager/conf.d', '/etc/NetworkManager/conf.d'];
  const files = folders.flatMap((folder) => (host.list(folder) ?? []).map((name) => `${folder}/${name}`));
  const texts = ['/etc/NetworkManager/NetworkManager.conf', ...files].map((file) => host.read(file) ?? '');
  const specs = texts.flatMap((text) =>
    [...text.matchAll(/^\s*unmanaged-devices\s*\+?=(.*)$/gm)].map(([, value]) => value),
  );
  const names = specs.flatMap((value = '') =>
    [...value.matchAll(/interface-name:=?([^;,\s]+)/g)].map(([, name]) => name),
  );
  if (names.some((name = '') => matchesGlob(tap, name))) return [];
  const what = 'NetworkManager runs and is not told to leave the taps of the broker (fdb*) alone';
  const line = 'unmanaged-devices=interface-name:fdb*';
  const write = `printf '[keyfile]\\n${line}\\n' | sudo tee /etc/NetworkManager/conf.d/fdbroker.conf`;
  return [hint(check, what, `${write} && sudo nmcli general reload`)];
}

/** systemd.network(5): of all folders' files in the order of their names the first that matches counts. */
function examineNetworkd(host: Host): Finding[] {
  if (host.stat('/run/systemd/netif/state') === undefined) return [];
  const files = new Map<string, string>();
  for (const folder of ['/usr/lib', '/usr/local/lib', '/run', '/etc'].map((root) => `${root}/systemd/network`)) {
    for (const name of host.list(folder) ?? []) if (name.endsWith('.network')) files.set(name, `${folder}/${name}`);
  }
  const ordered = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
  const file = ordered.find((one) => networkFileMatches(host.read(one) ?? ''));
  if (file === undefined || /^\s*Unmanaged\s*=\s*(yes|true|1|on)\s*$/im.test(host.read(file) ?? '')) return [];
  const write =
    "printf '[Match]\\nName=fdb*\\n[Link]\\nUnmanaged=yes\\n' | sudo tee /etc/systemd/network/05-fdbroker.network";
  const what = `systemd-networkd would configure the taps of the broker (fdb*) by ${file}`;
  return [hint(check, what, `${write} && sudo networkctl reload`)];
}

/** Whether [Match] fits a tap. Of a key that is not known here it is taken that a tap does not fit. */
function networkFileMatches(text: string): boolean {
  const section = /^\s*\[Match\]\s*$([\s\S]*?)(?=^\s*\[|(?![\s\S]))/m.exec(text)?.[1] ?? '';
  const entries = [...section.matchAll(/^\s*(\w+)\s*=(.*)$/gm)];
  const facts: Readonly<Record<string, string>> = { Name: tap, Type: 'ether', Kind: 'tun', Driver: 'tun' };
  return (
    entries.length > 0 &&
    entries.every(([, key = '', value = '']) => {
      const fact = facts[key];
      const globs = value.trim().split(/\s+/);
      if (fact === undefined) return false;
      if (globs[0]?.startsWith('!') === true) {
        return !globs.some((glob) => matchesGlob(fact, glob.replace(/^!/, '')));
      }
      return globs.some((glob) => matchesGlob(fact, glob));
    })
  );
}

/** `*` and `?` of fnmatch(3). */
function matchesGlob(text: string, glob: string): boolean {
  const pattern = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`).test(text);
}
