/** The kernel's modules: in use, built in, or there to be loaded. */
import { type Finding, fine, hint, problem } from './finding.js';
import type { Host } from './host.js';
import type { LinkFacts } from './links.js';

const check = 'module';

interface Module {
  readonly name: string;
  readonly option: string;
  /** What is lost without it. */
  readonly for: string;
  /** Which type of network there cannot be without it; any: none there can be. */
  readonly needed?: string;
}

const modules: readonly Module[] = [
  { name: 'tun', option: 'CONFIG_TUN', for: 'taps', needed: 'any' },
  { name: 'bridge', option: 'CONFIG_BRIDGE', for: 'networks of type bridge', needed: 'bridge' },
  { name: 'macvtap', option: 'CONFIG_MACVTAP', for: 'networks of type macvtap', needed: 'macvtap' },
  { name: 'vhost_net', option: 'CONFIG_VHOST_NET', for: 'vhost-net' },
];

/**
 * @param links tell of what is compiled into a kernel without a list of it.
 * @param types of the networks that are looked at.
 */
export function examineModules(
  host: Host,
  links: readonly LinkFacts[] | undefined,
  types: ReadonlySet<string>,
): Finding[] {
  const release = host.read('/proc/sys/kernel/osrelease') ?? '';
  const folder = `/lib/modules/${release}`;
  const builtIn = namesIn(host.read(`${folder}/modules.builtin`));
  const available = namesIn(host.read(`${folder}/modules.dep`));
  const used = inUse(host, links);
  const listed = builtIn.size + available.size > 0;
  const others = (host.list('/lib/modules') ?? []).filter((name) => name !== release);
  return modules.map((module) => {
    const { name, option } = module;
    const needed = module.needed === 'any' || types.has(module.needed ?? '');
    if (used.has(name)) return fine(check, `${name} is in the kernel`);
    if (builtIn.has(name)) return fine(check, `${name} is built into the kernel`);
    if (available.has(name)) return fine(check, `${name} is loaded when it is needed`);
    const loss = `${module.for} cannot be had`;
    if (listed) {
      const what = `the kernel ${release} has no ${name}: ${loss}`;
      return (needed ? problem : hint)(check, what, `boot a kernel that has it (${option})`);
    }
    if (others.length > 0) {
      const what = `the modules of the running kernel ${release} are gone, after an upgrade maybe, and ${name} is not loaded`;
      return (needed ? problem : hint)(check, what, 'sudo reboot');
    }
    return hint(
      check,
      `${name} is not loaded, and this host has no list of modules; without it ${loss}`,
      `sudo modprobe ${name}`,
    );
  });
}

/** Loaded or built in, as far as it shows. */
function inUse(host: Host, links: readonly LinkFacts[] | undefined): ReadonlySet<string> {
  const loaded = modules.filter(({ name }) => host.stat(`/sys/module/${name}`) !== undefined).map(({ name }) => name);
  const kinds = (links ?? []).flatMap(({ kind }) => (kind === undefined ? [] : [kind]));
  // Which drivers have registered: "200 tun", "246 macvtap"
  const registered = ['/proc/misc', '/proc/devices'].flatMap((file) => (host.read(file) ?? '').split(/\s+/));
  const drivers = registered.map((name) => name.replaceAll('-', '_'));
  return new Set([...loaded, ...kinds, ...drivers]);
}

/** `kernel/drivers/net/tun.ko.xz: …` is tun. */
function namesIn(list: string | undefined): ReadonlySet<string> {
  const names = (list ?? '').matchAll(/(?:^|\/)([\w-]+)\.ko(?:\.\w+)?(?=:|$)/gm);
  return new Set([...names].map(([, name]) => (name ?? '').replaceAll('-', '_')));
}
