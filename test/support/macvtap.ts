/** What tests of macvtaps need: the kernel's driver, and a wire with two ends. */
import { spawnSync } from 'node:child_process';

import { sh, shJson, skipFile } from './namespace.js';

/** To be called in a private namespace. Ends the process where macvtaps cannot be had or not be opened. */
export function skipWithoutMacvtap(): void {
  const script = `ip link add fdbprobe0 type veth peer name fdbprobe1 &&
    ip link add link fdbprobe0 name fdbprobe2 type macvtap && node=/dev/tap$(ip -o link show fdbprobe2 | cut -d: -f1) && test -r "$node" -a -w "$node"`;
  const probe = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
  spawnSync('ip', ['link', 'del', 'fdbprobe0']);
  if (probe.status !== 0)
    skipFile('macvtaps cannot be had here: run as root, with /dev a devtmpfs, and modprobe macvtap');
}

/** wire0, the parent, and wire1 at its other end, both up; they go when the test ends, with what is on them. */
export function addWire(t: { teardown(end: () => unknown): void }): void {
  sh('ip link add wire0 type veth peer name wire1; ip link set wire0 up; ip link set wire1 up');
  t.teardown(() => sh('ip link del wire0'));
}

/** The names of all macvtaps of this namespace. */
export function macvtaps(): string[] {
  return shJson('ip -j link show type macvtap')
    .map(({ ifname }: { ifname?: string }) => ifname)
    .filter((name: string | undefined) => name !== undefined);
}
