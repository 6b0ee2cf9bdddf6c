/** Runs compiled tests on Debian's kernel, in a guest: for what the kernel at hand may lack, as VLAN filtering. */
import { Readable } from 'node:stream';
import type { Test } from 'tap';
import { nestedGuestEntries, nestedPrograms } from './guest/nested-image.js';
import { projectEntries, projectInGuest } from './guest/project-image.js';
import { Guest, type GuestOptions } from './guest.js';
import { marker } from './namespace.js';

/** What networks of bridges and macvtaps, and their tests, need. */
const modules = ['tun', 'bridge', '8021q', 'veth', 'vhost_net', 'macvtap'];
/** Node takes some seconds to start where every instruction is emulated. */
const secondsPerFile = 900;
/** Of a file with guests of its own, on a machine that is busy. */
const secondsWithGuests = 1400;
/** In a namespace from the start, so that a test need not start itself a second time. */
const outside = 'outside';
const command = `TAP_TIMEOUT=0 NO_COLOR=1 ${marker}=${outside} unshare -n node`;

/** Whether this test runs in such a guest, where it can break nothing. */
export function inDebianKernel(): boolean {
  return process.env[marker] === outside;
}

/**
 * Each file becomes a subtest that holds all its tests as they went in the guest, and fails when it did not come to
 * its end.
 *
 * @param files as `test/kernel/linux-vlan.ts`.
 */
export async function runInDebianKernel(t: Test, files: readonly string[]): Promise<void> {
  // The file system lies in memory, twice while it is unpacked
  await run(t, files, command, secondsPerFile, { memory: 1024, files: projectEntries() });
}

/** The same for files that start guests themselves, each of which takes more than a minute to start. */
export async function runNestedInDebianKernel(t: Test, files: readonly string[]): Promise<void> {
  const slowly = `PATH=${nestedPrograms}:$PATH FDBROKER_TEST_PATIENCE=5 ${command}`;
  const entries = [...projectEntries(), ...nestedGuestEntries()];
  await run(t, files, slowly, secondsWithGuests, { memory: 1536, files: entries, extra: ['-smp', '2'] });
}

/** Of {@link runWithCard}: Debian's whole kernel. */
export const cardKernel = 'build/card-kernel';

/** The same, for root of the guest's first namespace, in a guest whose eth0 is a card with SR-IOV and a wire to nowhere. */
export async function runWithCard(t: Test, files: readonly string[]): Promise<void> {
  const card = ['-netdev', 'hubport,hubid=0,id=wire', '-device', 'igb,bus=rp,netdev=wire,romfile='];
  await run(t, files, command.replace('unshare -n ', ''), secondsPerFile, {
    ...{ memory: 1024, files: projectEntries(), kernel: cardKernel, modules: ['macvtap', 'igb', 'igbvf'] },
    extra: ['-machine', 'q35', '-device', 'pcie-root-port,id=rp', ...card],
  });
}

async function run(
  t: Test,
  files: readonly string[],
  start: string,
  seconds: number,
  options: GuestOptions,
): Promise<void> {
  await using guest = await Guest.start({ modules, ...options });
  t.comment(`Linux ${await guest.must('uname -r')}`);
  for (const file of files) {
    const compiled = `build/${file.replace(/\.ts$/, '.js')}`;
    const { status, output } = await guest.run(`cd ${projectInGuest} && ${start} ${compiled}`, seconds);
    await t.stdin(file, { tapStream: Readable.from([output]) });
    t.equal(status, 0, `${file}: exit status`, { output: output.slice(-2000) });
  }
}
