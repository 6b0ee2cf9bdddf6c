/** Links made for tests on the real kernel, and what ip(8) and bridge(8) say of them, as an independent witness. */
import type { Test } from 'tap';
import { type Mac, parseMac } from '../../src/core/mac.js';
import { type InterfaceName, parseInterfaceName } from '../../src/core/names.js';
import type { Tap } from '../../src/kernel/kernel.js';
import { createLinuxKernel, type LinuxKernel } from '../../src/kernel/linux.js';
import { native } from '../../src/kernel/native.js';
import { sh, shJson } from './namespace.js';

export const mac = (text: string): Mac => parseMac(text)._unsafeUnwrap();
export const ifname = (text: string): InterfaceName => parseInterfaceName(text)._unsafeUnwrap();

/** Closed when the test ends. */
export function openKernel(t: Test): LinuxKernel {
  const kernel = createLinuxKernel()._unsafeUnwrap();
  t.teardown(() => kernel[Symbol.dispose]());
  return kernel;
}

/** A bridge that is up and keeps its address; it goes when the test ends. @returns its ifindex. */
export function addBridge(t: Test, name: string, options = ''): number {
  sh(`ip link add ${name} address 02:00:00:00:00:01 type bridge ${options}; ip link set ${name} up`);
  t.teardown(() => sh(`ip link del ${name}`));
  return ipLink(name).ifindex;
}

/** A tap that goes when the test ends. */
export function addTap(t: Test, kernel: LinuxKernel, name: string, vnetHdr = false): Tap {
  const tap = kernel.openTap(ifname(name), { vnetHdr, owner: 0 })._unsafeUnwrap();
  t.teardown(() => closeTap(tap));
  return tap;
}

/** At once, unlike {@link Tap}'s own way. */
export function closeTap(tap: Tap): void {
  if (tap.fd.open) native.close(tap.fd.release());
}

/** A tap that has joined a bridge and is up. */
export function addPort(t: Test, kernel: LinuxKernel, name: string, master: number, address: string): Tap {
  const tap = addTap(t, kernel, name);
  kernel.enslave(tap.ifindex, { mtu: 1500, address: mac(address), alias: `fdbroker ${name}`, master })._unsafeUnwrap();
  kernel.setPortUp(tap.ifindex, {})._unsafeUnwrap();
  return tap;
}

// biome-ignore-start lint/suspicious/noExplicitAny: the tools' own JSON
/** `ip -d -j link show dev NAME`; undefined when there is no such link. */
export function ipLink(name: string): any {
  return shJson('ip -d -j link show').find((link: any) => link.ifname === name);
}

/** Administratively up, by ip(8). */
export function isUp(name: string): boolean {
  return ipLink(name).flags.includes('UP');
}

/** The bridge's entries for that address, as `bridge fdb` shows them. */
export function fdb(bridge: string, address: string): any[] {
  return shJson(`bridge -j fdb show br ${bridge}`).filter((entry: any) => entry.mac === address);
}
// biome-ignore-end lint/suspicious/noExplicitAny: the tools' own JSON
