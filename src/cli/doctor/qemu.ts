/** QEMU: its version, and which ways into a network it has. */
import { type Finding, fine, hint, problem, shellWord } from './finding.js';
import { findProgram, type Host } from './host.js';

const check = 'qemu';

/** What a netdev type is good for; tap alone is what fdbroker-helper needs. */
const uses: readonly (readonly [type: string, use: string])[] = [
  ['dgram', 'networks of type udp'],
  ['stream', 'networks of type tcp'],
];

/** @param named what the user says is QEMU; undefined: the one of this machine's kind, else any. */
export function examineQemu(host: Host, named: string | undefined): Finding[] {
  const program = named === undefined ? findQemu(host) : findProgram(host, named);
  if (program === undefined) {
    if (named !== undefined) return [problem(check, `there is no program ${named}`, 'fdbroker doctor --qemu PROGRAM')];
    return [hint(check, 'no qemu-system-* is in your PATH', 'fdbroker doctor --qemu PROGRAM')];
  }
  const version = /version (\d+(?:\.\d+)+)/.exec(outputOf(host, program, ['-version']) ?? '')?.[1];
  const types = parseTypes(outputOf(host, program, ['-netdev', 'help']) ?? '');
  if (version === undefined || types.size === 0) {
    const line = `${shellWord(program)} -netdev help`;
    return [hint(check, `${program} does not tell its version and netdev types as QEMU does`, line)];
  }
  const found = `${program} is QEMU ${version}`;
  if (!types.has('tap')) {
    return [
      problem(check, `${found}, and was built without -netdev tap`, 'take a QEMU with tap, as distributions build it'),
    ];
  }
  const lacking = uses.filter(([type]) => !types.has(type));
  const has = ['tap', ...uses.map(([type]) => type)].filter((type) => types.has(type));
  if (lacking.length === 0) return [fine(check, `${found}, with -netdev ${has.join(', ')}`)];
  const lost = lacking.map(([type, use]) => `-netdev ${type} (${use})`).join(' and ');
  return [hint(check, `${found}, and has no ${lost}`, 'take QEMU 7.2 or later')];
}

function findQemu(host: Host): string | undefined {
  const prefix = 'qemu-system-';
  const others = host.path.flatMap((folder) => (host.list(folder) ?? []).filter((name) => name.startsWith(prefix)));
  // The last is where Red Hat's is
  const names = [`${prefix}${host.machine}`, ...others, 'qemu-kvm', '/usr/libexec/qemu-kvm'];
  return names.map((name) => findProgram(host, name)).find((program) => program !== undefined);
}

function outputOf(host: Host, program: string, args: readonly string[]): string | undefined {
  const ran = host.run(program, args);
  return ran?.status === 0 ? ran.output : undefined;
}

/** A heading, then a type a line. */
function parseTypes(output: string): ReadonlySet<string> {
  return new Set(output.split('\n').filter((line) => /^[a-z][\w-]*$/.test(line)));
}
