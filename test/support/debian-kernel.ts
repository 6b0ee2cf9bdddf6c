/** Runs compiled tests on Debian's kernel, in a guest: for what the kernel at hand may lack, as VLAN filtering. */
import { Readable } from 'node:stream';
import type { Test } from 'tap';
import { projectEntries, projectInGuest } from './guest/project-image.js';
import { Guest } from './guest.js';
import { marker } from './namespace.js';

/** What networks of bridges and macvtaps, and their tests, need. */
const modules = ['tun', 'bridge', '8021q', 'veth', 'vhost_net', 'macvtap'];
/** MiB: the file system lies in it, twice while it is unpacked. */
const memory = 1024;
/** Node takes some seconds to start where every instruction is emulated. */
const secondsPerFile = 300;
/** In a namespace from the start, so that a test need not start itself a second time. */
const command = `TAP_TIMEOUT=0 NO_COLOR=1 ${marker}=outside unshare -n node`;

/**
 * Each file becomes a subtest that holds all its tests as they went in the guest, and fails when it did not come to
 * its end.
 *
 * @param files as `test/kernel/linux-vlan.ts`.
 */
export async function runInDebianKernel(t: Test, files: readonly string[]): Promise<void> {
  await using guest = await Guest.start({ memory, modules, files: projectEntries() });
  t.comment(`Linux ${await guest.must('uname -r')}`);
  for (const file of files) {
    const compiled = `build/${file.replace(/\.ts$/, '.js')}`;
    const { status, output } = await guest.run(`cd ${projectInGuest} && ${command} ${compiled}`, secondsPerFile);
    await t.stdin(file, { tapStream: Readable.from([output]) });
    t.equal(status, 0, `${file}: exit status`, { output: output.slice(-2000) });
  }
}
