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
  /** Whether no network of this version does without it. */
  readonly needed: boolean;
}

const modules: readonly Module[] = [
  { name: 'tun', option: 'CONFIG_TUN', for: 'taps', needed: true },
  { name: 'bridge', option: 'CONFIG_BRIDGE', for: 'bridges', needed: true },
  { name: 'macvtap', option: 'CONFIG_MACVTAP', for: 'networks of type macvtap', needed: false },
  { name: 'vhost_net', option: 'CONFIG_VHOST_NET', for: 'vhost-net', needed: false },
];

/** @param links tell of what is compiled into a kernel without a list of it. */
export function examineModules(host: Host, links: readonly LinkFacts[] | undefined): Finding[] {
  const release = host.read('/proc/sys/kernel/osrelease') ?? '';
  const folder = `/lib/modules/${release}`;
  const builtIn = namesIn(host.read(`${folder}/modules.builtin`));
  const available = namesIn(host.read(`${folder}/modules.dep`));
  const used = inUse(host, links);
  const listed = builtIn.size + available.size > 0;
  const others = (host.list('/lib/modules') ?? []).filter((name) => name !== release);
  return modules.map((module) => {
    const { name, option, needed } = module;
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
  const nodes = [
    ['/dev/net/tun', 'tun'],
    ['/dev/vhost-net', 'vhost_net'],
  ].flatMap(([node, name]) => (node !== undefined && name !== undefined && host.may(node, 'open') ? [name] : []));
  return new Set([...loaded, ...kinds, ...nodes]);
}

/** `kernel/drivers/net/tun.ko.xz: …` is tun. */
function namesIn(list: string | undefined): ReadonlySet<string> {
  const names = (list ?? '').matchAll(/(?:^|\/)([\w-]+)\.ko(?:\.\w+)?(?=:|$)/gm);
  return new Set([...names].map(([, name]) => (name ?? '').replaceAll('-', '_')));
}
